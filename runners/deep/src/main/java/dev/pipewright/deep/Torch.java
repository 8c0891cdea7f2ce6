package dev.pipewright.deep;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All that is PyTorch's own and not in DJL's interfaces.
///
/// DJL's GradientCollector is left aside on purpose: there can be only one in a process, for it
/// keeps a flag beside PyTorch's own, which is each thread's.
final class Torch {
  private static final String ENGINE = "PyTorch";

  private Torch() {}

  /// Loads the native library.
  ///
  /// @throws ProblemException LIBRARY_MISSING
  static Engine engine() {
    try {
      return Engine.getEngine(ENGINE);
    } catch (EngineException | LinkageError e) {
      Throwable deepest = e;
      while (deepest.getCause() != null) {
        deepest = deepest.getCause();
      }
      var problem =
          new ProblemException(
              ProblemCode.LIBRARY_MISSING,
              "PyTorch's native library cannot be loaded: " + deepest.getMessage(),
              "PyTorch 2.7.1 needs Linux with glibc 2.29 or newer, or macOS on ARM64. Elsewhere set PYTORCH_LIBRARY_PATH"
                  + " to the lib folder of an installed PyTorch 2.7.1; see docs/guides/gpu-images.md.");
      problem.initCause(e);
      throw problem;
    }
  }

  static NDManager manager() {
    return engine().newBaseManager();
  }

  /// The GPUs, or the processor where there is none.
  static List<Device> devices() {
    int gpus = engine().getGpuCount();
    if (gpus == 0) {
      return List.of(Device.cpu());
    }
    var devices = new ArrayList<Device>();
    for (int i = 0; i < gpus; i++) {
      devices.add(Device.gpu(i));
    }
    return devices;
  }

  /// Decides what is left to chance from here on, on every device.
  static void seed(long seed) {
    engine().setRandomSeed((int) (seed ^ seed >>> 32));
  }

  /// Whether this thread's operations are recorded, so that they can be gone back through.
  static void record(boolean on) {
    JniUtils.setGradMode(on);
  }

  /// Adds the gradients of a number to what leads to it.
  static void backward(NDArray loss) {
    try (var one = loss.getManager().ones(loss.getShape(), loss.getDataType())) {
      JniUtils.backward((PtNDArray) loss, (PtNDArray) one, false, false);
    }
  }

  /// A multiple that gradients come back through.
  ///
  /// DJL's own product with a number may not be gone back through: PyTorch keeps the number for the
  /// way back where Java may have freed it by then, and the gradient is multiplied with whatever is
  /// there.
  static NDArray times(NDArray array, double factor) {
    return array.mul(array.getManager().full(new Shape(), (float) factor, array.getDataType()));
  }

  /// The gradient; null before the first step back.
  static @Nullable NDArray gradient(NDArray array) {
    return JniUtils.getGradient((PtNDArray) array);
  }

  static void zeroGradient(NDArray array) {
    JniUtils.zeroGrad((PtNDArray) array);
  }

  /// A part of a flat array that shares its memory.
  static NDArray view(NDArray flat, long from, Shape shape) {
    try (var slice = JniUtils.slice((PtNDArray) flat, 0, from, from + shape.size(), 1)) {
      return slice.reshape(shape);
    }
  }

  /// One array of all, one after the other.
  static NDArray join(List<NDArray> flat) {
    return JniUtils.cat(flat.toArray(PtNDArray[]::new), 0);
  }

  static void adam(
      NDArray weights,
      NDArray gradient,
      NDArray mean,
      NDArray variance,
      Optimizer.Step step,
      double scale) {
    JniUtils.adamUpdate(
        (PtNDArray) weights,
        (PtNDArray) gradient,
        (PtNDArray) mean,
        (PtNDArray) variance,
        (float) step.rate(),
        (float) (step.rate() * step.correction()),
        (float) step.decay(),
        (float) scale,
        -1f,
        (float) Optimizer.BETA1,
        (float) Optimizer.BETA2,
        (float) Optimizer.EPSILON,
        step.decoupled());
  }

  static void sgd(
      NDArray weights, NDArray gradient, NDArray momentum, Optimizer.Step step, double scale) {
    JniUtils.sgdUpdate(
        (PtNDArray) weights,
        (PtNDArray) gradient,
        (PtNDArray) momentum,
        (float) step.rate(),
        (float) step.decay(),
        (float) scale,
        -1f,
        (float) Optimizer.MOMENTUM);
  }

  /// The numbers of an array, on any device and of any type, as 32-bit floats.
  static ByteBuffer bytes(NDArray array) {
    try (var floats = array.toType(DataType.FLOAT32, true)) {
      var bytes = floats.toByteBuffer(false);
      var copy = ByteBuffer.allocateDirect(bytes.remaining()).order(ByteOrder.LITTLE_ENDIAN);
      return copy.put(bytes).flip();
    }
  }

  static NDArray floats(NDManager manager, SafeTensors.Tensor tensor) {
    // Of the manager's own, as the buffer may be freed before the array is.
    try (var shared =
        manager.create(tensor.data().duplicate(), new Shape(tensor.shape()), DataType.FLOAT32)) {
      return shared.duplicate();
    }
  }

  static NDArray embedding(NDArray places, NDArray table) {
    return JniUtils.embedding((PtNDArray) places, (PtNDArray) table, false);
  }

  /// The mean over all rows of how surprised the logits are by the classes.
  static NDArray crossEntropy(NDArray logits, NDArray classes) {
    var flat = logits.getShape().dimension() == 2 ? logits : logits.reshape(-1, last(logits));
    var index = classes.reshape(-1, 1).toType(DataType.INT64, false);
    return flat.logSoftmax(1).gather(index, 1).mean().neg();
  }

  static long last(NDArray array) {
    return array.getShape().get(array.getShape().dimension() - 1);
  }
}

package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A trained network, predicting in plain Java: what serves it needs no native library.
///
/// @param activation between the layers
/// @param scales by which each input is multiplied first
/// @param mean that a regression's output is moved by after it was multiplied by `deviation`
/// @param least and `most`: between which a regression's predictions are kept
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Net(
    Goal goal,
    Activation activation,
    float[] scales,
    List<Layer> layers,
    double mean,
    double deviation,
    double least,
    double most)
    implements Fitted {
  /// Between the layers.
  enum Activation {
    RELU,
    MISH,
    SELU,
    SILU;

    String export(Graph graph, String x) {
      return switch (this) {
        case RELU -> graph.op("Relu", x);
        case MISH -> graph.op("Mul", x, graph.op("Tanh", graph.op("Softplus", x)));
        case SELU -> graph.op("Selu", x);
        case SILU -> graph.op("Mul", x, graph.op("Sigmoid", x));
      };
    }

    float of(float x) {
      return switch (this) {
        case RELU -> Math.max(0, x);
        case MISH -> mish(x);
        case SELU ->
            (float) (1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1)));
        case SILU -> (float) (x / (1 + Math.exp(-x)));
      };
    }
  }

  /// `x · tanh(log(1 + e^x))`, with the hyperbolic tangent written out so that one exponential is
  /// enough.
  private static float mish(float x) {
    if (x > 20) {
      return x;
    }
    double e = Math.exp(x);
    double squares = e * (e + 2);
    return (float) (x * squares / (squares + 2));
  }

  /// `y = x · weights + bias`
  ///
  /// @param weights of each input to all outputs
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Layer(float[][] weights, float[] bias) {
    /// @param weights of the first input to all outputs, then of the second
    static Layer of(float[] weights, float[] bias) {
      var rows = new float[weights.length / bias.length][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = Arrays.copyOfRange(weights, i * bias.length, (i + 1) * bias.length);
      }
      return new Layer(rows, bias);
    }

    float[] flat() {
      var flat = new float[weights.length * bias.length];
      for (int i = 0; i < weights.length; i++) {
        System.arraycopy(weights[i], 0, flat, i * bias.length, bias.length);
      }
      return flat;
    }

    /// Four inputs at once, over arrays with the same positions: loops that become vector
    /// instructions.
    float[] of(float[] x) {
      var y = bias.clone();
      int i = 0;
      for (; i + 4 <= weights.length; i += 4) {
        add(
            x[i],
            x[i + 1],
            x[i + 2],
            x[i + 3],
            weights[i],
            weights[i + 1],
            weights[i + 2],
            weights[i + 3],
            y);
      }
      for (; i < weights.length; i++) {
        float factor = x[i];
        var own = weights[i];
        for (int o = 0; o < y.length; o++) {
          y[o] += factor * own[o];
        }
      }
      return y;
    }

    private static void add(
        float a,
        float b,
        float c,
        float d,
        float[] as,
        float[] bs,
        float[] cs,
        float[] ds,
        float[] y) {
      if (a == 0 && b == 0 && c == 0 && d == 0) {
        return;
      }
      for (int o = 0; o < y.length; o++) {
        y[o] += a * as[o] + b * bs[o] + (c * cs[o] + d * ds[o]);
      }
    }
  }

  @Override
  public double[] predict(Matrix matrix) {
    var predicted = new double[matrix.rows() * goal.outputs()];
    var x = new float[scales.length];
    for (int row = 0; row < matrix.rows(); row++) {
      for (int c = 0; c < Math.min(x.length, matrix.width()); c++) {
        x[c] = matrix.cells()[row * matrix.width() + c] * scales[c];
      }
      write(forward(x), row, predicted);
    }
    return predicted;
  }

  private float[] forward(float[] x) {
    var y = x;
    for (int l = 0; l < layers.size(); l++) {
      y = layers.get(l).of(y);
      if (l < layers.size() - 1) {
        for (int i = 0; i < y.length; i++) {
          y[i] = activation.of(y[i]);
        }
      }
    }
    return y;
  }

  private void write(float[] out, int row, double[] predicted) {
    switch (goal.kind()) {
      case REGRESSION -> predicted[row] = Math.clamp(out[0] * deviation + mean, least, most);
      case BINARY -> predicted[row] = 1 / (1 + Math.exp((double) out[0] - out[1]));
      case MULTICLASS -> {
        var margins = new double[out.length];
        for (int i = 0; i < margins.length; i++) {
          margins[i] = out[i];
        }
        Links.apply(margins, goal);
        System.arraycopy(margins, 0, predicted, row * out.length, out.length);
      }
    }
  }

  @Override
  public String export(Graph graph, String matrix) {
    var x = graph.op("Mul", matrix, graph.floats(scales, scales.length));
    for (int l = 0; l < layers.size(); l++) {
      var layer = layers.get(l);
      x =
          graph.op(
              "Add",
              graph.op(
                  "MatMul", x, graph.floats(layer.flat(), layer.weights.length, layer.bias.length)),
              graph.floats(layer.bias, layer.bias.length));
      if (l < layers.size() - 1) {
        x = activation.export(graph, x);
      }
    }
    var out = graph.cast(x, Graph.Type.DOUBLE);
    return switch (goal.kind()) {
      case REGRESSION ->
          graph.op(
              "Clip",
              graph.op("Add", graph.op("Mul", out, graph.exact(deviation)), graph.exact(mean)),
              graph.exact(least),
              graph.exact(most));
      case BINARY ->
          graph.op("Sigmoid", graph.op("MatMul", out, graph.doubles(new double[] {-1, 1}, 2, 1)));
      case MULTICLASS -> Links.export(graph, out, goal);
    };
  }

  static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".network.bin");
  }

  @Override
  public void save(Path file) throws IOException {
    try (var out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(named(file))))) {
      out.writeUTF(activation.name());
      out.writeDouble(mean);
      out.writeDouble(deviation);
      out.writeDouble(least);
      out.writeDouble(most);
      write(out, scales);
      out.writeInt(layers.size());
      for (var layer : layers) {
        out.writeInt(layer.weights.length);
        out.writeInt(layer.bias.length);
        write(out, layer.flat());
        write(out, layer.bias);
      }
    }
  }

  private static void write(DataOutputStream out, float[] values) throws IOException {
    out.writeInt(values.length);
    for (float value : values) {
      out.writeFloat(value);
    }
  }

  static Net read(Path file, Goal goal) throws IOException {
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(named(file))))) {
      var activation = Activation.valueOf(in.readUTF());
      double mean = in.readDouble();
      double deviation = in.readDouble();
      double least = in.readDouble();
      double most = in.readDouble();
      var scales = floats(in);
      var layers = new ArrayList<Layer>();
      for (int left = in.readInt(); left > 0; left--) {
        in.skipNBytes(2L * Integer.BYTES); // its width and outputs, which the weights tell
        layers.add(Layer.of(floats(in), floats(in)));
      }
      return new Net(goal, activation, scales, layers, mean, deviation, least, most);
    }
  }

  private static float[] floats(DataInputStream in) throws IOException {
    var values = new float[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readFloat();
    }
    return values;
  }
}

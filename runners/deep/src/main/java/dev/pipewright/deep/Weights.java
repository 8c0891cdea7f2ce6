package dev.pipewright.deep;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A block's parameters, all in one flat array of 32-bit floats of which each parameter is a view.
/// An optimizer's step, the norm of the gradients, a checkpoint and the exchange between devices
/// are then one operation each, however many parameters there are.
///
/// What the block does not learn by gradients, such as the running means of a batch norm, stays as
/// it is beside.
final class Weights {
  /// One parameter's place in the flat array.
  private record Slot(String name, Parameter parameter, long from, Shape shape) {
    long to() {
      return from + shape.size();
    }
  }

  /// Neighbours that are treated alike. Decay is for matrices: a bias or a norm's scale has no use
  /// for it.
  private record Segment(int group, boolean decays, long from, long to) {}

  /// Those that wait until they are thawed; the others learn from the beginning.
  static final int WAITING = 1;

  private final NDManager manager;
  private final List<Slot> slots = new ArrayList<>();
  private final List<Segment> segments = new ArrayList<>();
  private final Map<String, Parameter> kept = new LinkedHashMap<>();
  private final NDArray flat;
  private final List<Replica> replicas = new ArrayList<>();
  private List<NDArray> moments = List.of();
  private final long[] counts = new long[2];
  private final double[] scales = {1, 0};

  /// @param precision of what the block computes with; the flat array is always exact
  /// @param waits which parameters, by name, do not learn until [#thaw]
  Weights(
      NDManager parent,
      Block block,
      Predicate<String> waits,
      List<Device> devices,
      DataType precision) {
    manager = parent.newSubManager(devices.getFirst());
    var found = new LinkedHashMap<String, Parameter>();
    for (var each : block.getParameters()) {
      (each.getValue().requiresGradient() ? found : kept).put(each.getKey(), each.getValue());
    }
    long at = 0;
    for (int group = 0; group < 2; group++) {
      for (boolean decays : new boolean[] {true, false}) {
        long from = at;
        for (var each : found.entrySet()) {
          var shape = each.getValue().getArray().getShape();
          if ((waits.test(each.getKey()) ? WAITING : 0) == group
              && shape.dimension() > 1 == decays) {
            slots.add(new Slot(each.getKey(), each.getValue(), at, shape));
            at += shape.size();
          }
        }
        if (at > from) {
          segments.add(new Segment(group, decays, from, at));
        }
      }
    }
    requireRoom(at);
    if (slots.isEmpty()) {
      throw new IllegalArgumentException("the block has nothing to learn");
    }
    if (precision != DataType.FLOAT32 && !kept.isEmpty()) {
      throw new IllegalArgumentException(
          "a block that keeps running numbers (%s) cannot compute in 16 bits"
              .formatted(kept.keySet().iterator().next()));
    }
    flat = flatten();
    for (var device : devices) {
      replicas.add(new Replica(device, precision, replicas.isEmpty()));
    }
  }

  /// Copies of all weights are one piece of memory each, of which Java counts the bytes in 31 bits.
  static void requireRoom(long weights) {
    long most = Integer.MAX_VALUE / Float.BYTES;
    if (weights > most) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "the network has %,d weights; there can be %,d".formatted(weights, most),
          "Make it smaller: fewer layers, a smaller width or vocabulary, or fewer users and items.");
    }
  }

  private NDArray flatten() {
    try (var scope = manager.newSubManager()) {
      var parts = new ArrayList<NDArray>();
      for (var slot : slots) {
        var array = slot.parameter.getArray();
        array.setRequiresGradient(false);
        var part = array.toDevice(manager.getDevice(), false).flatten();
        part.attach(scope);
        parts.add(part);
      }
      var joined = Torch.join(parts);
      joined.attach(manager);
      return joined;
    }
  }

  /// The block's parameters on one device. The first replica is the block itself.
  final class Replica extends ParameterStore {
    private final NDManager own;
    private final NDArray mirror;
    private final boolean same;
    private final NDArray[] arrays = new NDArray[slots.size()];
    private final @Nullable NDArray[] gradients = new NDArray[slots.size()];
    private final Map<String, NDArray> values = new HashMap<>();

    private Replica(Device device, DataType precision, boolean first) {
      super(manager, false);
      own = manager.newSubManager(device);
      same = first && precision == DataType.FLOAT32;
      mirror = same ? flat : copied(device, precision);
      for (int i = 0; i < arrays.length; i++) {
        var slot = slots.get(i);
        var view = Torch.view(mirror, slot.from, slot.shape);
        if (first) {
          slot.parameter.getArray().intern(view);
          view = slot.parameter.getArray();
        }
        view.attach(own);
        arrays[i] = view;
        values.put(slot.parameter.getId(), view);
      }
      kept.forEach((_, parameter) -> {
        var array = parameter.getArray();
        array.setRequiresGradient(false);
        if (!first || !array.getDevice().equals(device)) {
          array = array.toDevice(device, true);
          array.attach(own);
        }
        values.put(parameter.getId(), array);
      });
    }

    /// A copy of the flat array.
    private NDArray copied(Device device, DataType precision) {
      var there = flat.toDevice(device, true);
      there.attach(own);
      if (precision == DataType.FLOAT32) {
        return there;
      }
      try (there) {
        var rounded = there.toType(precision, true);
        rounded.attach(own);
        return rounded;
      }
    }

    /// Null for a parameter that a block may lack, such as a bias, and does.
    @Override
    public @Nullable NDArray getValue(
        @Nullable Parameter parameter, Device device, boolean training) {
      return parameter == null ? null : values.get(parameter.getId());
    }

    Device device() {
      return own.getDevice();
    }

    /// All gradients as one flat array on the main device; it is the scope's.
    private NDArray gradient(NDManager scope) {
      var parts = new ArrayList<NDArray>(arrays.length);
      for (int i = 0; i < arrays.length; i++) {
        var known = gradients[i];
        if (known == null) {
          var fresh = learns(slots.get(i)) ? Torch.gradient(arrays[i]) : null;
          if (fresh == null) {
            known = own.zeros(new Shape(arrays[i].size()), arrays[i].getDataType());
            known.attach(scope);
          } else {
            // PyTorch adds to a gradient where it is, so it stays known.
            fresh.attach(own);
            known = fresh.flatten();
            known.attach(own);
            gradients[i] = known;
          }
        }
        parts.add(known);
      }
      var joined = Torch.join(parts);
      joined.attach(scope);
      var exact = joined.toType(DataType.FLOAT32, false);
      exact.attach(scope);
      var here = exact.toDevice(manager.getDevice(), false);
      here.attach(scope);
      return here;
    }

    private void clearGradients() {
      for (int i = 0; i < arrays.length; i++) {
        if (gradients[i] != null) {
          Torch.zeroGradient(arrays[i]);
        }
      }
    }

    private void learn() {
      for (int i = 0; i < arrays.length; i++) {
        arrays[i].setRequiresGradient(learns(slots.get(i)));
      }
    }

    private void follow() {
      if (!same) {
        try (var scope = manager.newSubManager(device())) {
          var now = copied(device(), mirror.getDataType());
          now.attach(scope);
          mirror.set(new NDIndex(":"), now);
        }
      }
    }
  }

  private boolean learns(Slot slot) {
    return segments.stream()
        .anyMatch(segment ->
            segment.from <= slot.from && slot.to() <= segment.to && scales[segment.group] > 0);
  }

  List<Replica> replicas() {
    return replicas;
  }

  /// Begins to learn.
  void begin(Optimizer optimizer) {
    moments = optimizer.moments(manager, flat.size());
    replicas.forEach(Replica::learn);
  }

  /// Lets those that waited learn too.
  ///
  /// @param scale their rate as a share of the others'
  void thaw(double scale) {
    if (scales[WAITING] != scale) {
      scales[WAITING] = scale;
      replicas.forEach(Replica::learn);
    }
  }

  /// One step along the gradients that came together since the last one.
  ///
  /// @param clip the largest norm a gradient may have; 0 for any
  /// @param scaled what the loss was multiplied with
  /// @return the gradient's norm before it was clipped; a step along one that is not finite is not
  ///   taken
  double step(Optimizer optimizer, double rate, double decay, double clip, double scaled) {
    try (var scope = manager.newSubManager()) {
      var gradient = replicas.getFirst().gradient(scope);
      for (var replica : replicas.subList(1, replicas.size())) {
        gradient.addi(replica.gradient(scope));
      }
      double norm = gradient.norm().getFloat() / scaled;
      if (Double.isFinite(norm)) {
        double scale = (clip > 0 && norm > clip ? clip / norm : 1) / scaled;
        for (int group = 0; group < 2; group++) {
          if (scales[group] > 0) {
            counts[group]++;
          }
        }
        for (var segment : segments) {
          if (scales[segment.group] > 0) {
            optimizer.update(
                part(flat, segment, scope),
                part(gradient, segment, scope),
                moments.stream().map(moment -> part(moment, segment, scope)).toList(),
                rate * scales[segment.group],
                segment.decays ? decay : 0,
                scale,
                counts[segment.group]);
          }
        }
      }
      for (var replica : replicas) {
        replica.clearGradients();
        replica.follow();
      }
      return norm;
    }
  }

  private static NDArray part(NDArray all, Segment segment, NDManager scope) {
    var part = Torch.view(all, segment.from, new Shape(segment.to - segment.from));
    part.attach(scope);
    return part;
  }

  /// A copy of what is learned, to come back to.
  Map<String, SafeTensors.Tensor> copy() {
    var copy = new LinkedHashMap<String, SafeTensors.Tensor>();
    copy.put("weights", new SafeTensors.Tensor(new long[] {flat.size()}, Torch.bytes(flat)));
    copy.putAll(running());
    return copy;
  }

  /// A copy of what runs along without gradients.
  Map<String, SafeTensors.Tensor> running() {
    var running = new LinkedHashMap<String, SafeTensors.Tensor>();
    kept.forEach((name, parameter) -> running.put("kept/" + name, tensor(kept(parameter))));
    return running;
  }

  private NDArray kept(Parameter parameter) {
    return replicas.getFirst().values.get(parameter.getId());
  }

  private static SafeTensors.Tensor tensor(NDArray array) {
    return new SafeTensors.Tensor(array.getShape().getShape(), Torch.bytes(array));
  }

  /// Goes back to a [#copy].
  void restore(Map<String, SafeTensors.Tensor> copy) {
    try (var scope = manager.newSubManager()) {
      set(flat, copy.get("weights"), scope);
    }
    restoreRunning(copy);
    replicas.forEach(Replica::follow);
  }

  /// Goes back to a copy of [#running].
  void restoreRunning(Map<String, SafeTensors.Tensor> copy) {
    try (var scope = manager.newSubManager()) {
      kept.forEach((name, parameter) -> {
        for (var replica : replicas) {
          set(replica.values.get(parameter.getId()), copy.get("kept/" + name), scope);
        }
      });
    }
  }

  private static void set(NDArray array, SafeTensors.Tensor tensor, NDManager scope) {
    var value = Torch.floats(scope, tensor);
    array.set(
        new NDIndex(array.getShape().isScalar() ? "..." : ":"),
        value.toDevice(array.getDevice(), false));
  }

  /// The optimizer's memory.
  Map<String, SafeTensors.Tensor> memory() {
    var memory = new LinkedHashMap<String, SafeTensors.Tensor>();
    for (int i = 0; i < moments.size(); i++) {
      memory.put("moment" + i, tensor(moments.get(i)));
    }
    return memory;
  }

  long[] counts() {
    return counts.clone();
  }

  void restoreMemory(Map<String, SafeTensors.Tensor> memory, long[] counts) {
    try (var scope = manager.newSubManager()) {
      for (int i = 0; i < moments.size(); i++) {
        set(moments.get(i), memory.get("moment" + i), scope);
      }
    }
    System.arraycopy(counts, 0, this.counts, 0, counts.length);
  }

  void forgetMemory() {
    moments.forEach(moment -> moment.muli(0));
    Arrays.fill(counts, 0);
  }

  /// Every parameter by its name.
  Map<String, SafeTensors.Tensor> named() {
    var named = new LinkedHashMap<String, SafeTensors.Tensor>();
    var bytes = Torch.bytes(flat);
    for (var slot : slots) {
      var data =
          bytes.slice(
              Math.toIntExact(slot.from * Float.BYTES),
              Math.toIntExact(slot.shape.size() * Float.BYTES));
      named.put(
          slot.name,
          new SafeTensors.Tensor(slot.shape.getShape(), data.order(ByteOrder.LITTLE_ENDIAN)));
    }
    kept.forEach((name, parameter) -> named.put(name, tensor(kept(parameter))));
    return named;
  }

  /// Takes over parameters of the same name and shape.
  ///
  /// @return the names of those that it has not
  List<String> takeOver(Map<String, SafeTensors.Tensor> named) {
    var missing = new ArrayList<String>();
    try (var scope = manager.newSubManager()) {
      for (var slot : slots) {
        var tensor = named.get(slot.name);
        if (tensor == null || !Arrays.equals(tensor.shape(), slot.shape.getShape())) {
          missing.add(slot.name);
        } else {
          var part = Torch.view(flat, slot.from, slot.shape);
          part.attach(scope);
          set(part, tensor, scope);
        }
      }
      kept.forEach((name, parameter) -> {
        var tensor = named.get(name);
        if (tensor != null) {
          for (var replica : replicas) {
            set(replica.values.get(parameter.getId()), tensor, scope);
          }
        }
      });
    }
    replicas.forEach(Replica::follow);
    return missing;
  }

  /// Leaves the block with arrays of its own and forgets all else.
  void release(NDManager owner) {
    for (var slot : slots) {
      var array = slot.parameter.getArray();
      array.setRequiresGradient(false);
      var copy = Torch.view(flat, slot.from, slot.shape).duplicate();
      array.intern(copy);
      array.attach(owner);
    }
    kept.forEach((_, parameter) -> parameter.getArray().attach(owner));
    manager.close();
  }
}

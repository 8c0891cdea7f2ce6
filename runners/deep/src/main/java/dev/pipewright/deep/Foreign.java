package dev.pipewright.deep;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Weights that another library wrote, by the names of a network of ours.
final class Foreign {
  private static final int SHOWN = 12;

  private final String file;
  private final Map<String, SafeTensors.Tensor> theirs;
  private final Map<String, Shape> ours;
  private final Map<String, SafeTensors.Tensor> fitting = new LinkedHashMap<>();
  private final TreeSet<String> unused;
  private final List<String> wrong = new ArrayList<>();

  private Foreign(String file, Map<String, SafeTensors.Tensor> theirs, Architecture architecture) {
    this.file = file;
    this.theirs = theirs;
    ours = shapes(architecture);
    unused = new TreeSet<>(theirs.keySet());
  }

  /// Those of the input `weights` that fit, by the input `weightNames`, or where both have a name
  /// in common. Says what does not.
  ///
  /// @throws ProblemException MODEL_UNREADABLE when nothing fits, or not all that is named
  static Map<String, SafeTensors.Tensor> weights(TaskContext context, Architecture architecture)
      throws IOException {
    var names = names(context);
    var file = context.data("weights").name();
    var foreign = new Foreign(file, read(context.staged("weights"), file), architecture);
    if (names.isEmpty()) {
      foreign.byNamesInCommon();
    } else {
      names.forEach(foreign::named);
    }
    return foreign.checked();
  }

  private static Map<String, String> names(TaskContext context) {
    var text = context.text("weightNames").orElse("");
    if (text.isBlank()) {
      return Map.of();
    }
    try {
      return Json.MAPPER.readValue(text, new TypeReference<LinkedHashMap<String, String>>() {});
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "the input 'weightNames' is not a map of names: " + e.getOriginalMessage(),
          "Write {\"fc1.*\": \"01Linear_*\"}.");
    }
  }

  private static Map<String, SafeTensors.Tensor> read(Path path, String name) throws IOException {
    if (!Files.isDirectory(path)) {
      return SafeTensors.read(path).tensors();
    }
    try (var files = Files.walk(path)) {
      var found = files.filter(file -> file.toString().endsWith(".safetensors")).toList();
      if (found.size() != 1) {
        throw new ProblemException(
            ProblemCode.MODEL_UNREADABLE,
            "%s holds %d files that end in .safetensors".formatted(name, found.size()),
            "Give the one file.");
      }
      return SafeTensors.read(found.getFirst()).tensors();
    }
  }

  private static Map<String, Shape> shapes(Architecture architecture) {
    var shapes = new LinkedHashMap<String, Shape>();
    try (var manager = Torch.manager()) {
      var block = architecture.block();
      block.initialize(manager, DataType.FLOAT32, architecture.inputs());
      for (var each : block.getParameters()) {
        shapes.put(each.getKey(), each.getValue().getArray().getShape());
      }
    }
    return shapes;
  }

  private void byNamesInCommon() {
    for (var name : theirs.keySet()) {
      if (ours.containsKey(name)) {
        take(name, name);
      }
    }
  }

  /// @param their name, or the beginning of several with a `*` after it
  private void named(String their, String our) {
    if (!their.endsWith("*") || !our.endsWith("*")) {
      take(their, our);
      return;
    }
    var prefix = their.substring(0, their.length() - 1);
    int before = fitting.size() + wrong.size();
    for (var name : theirs.keySet()) {
      if (name.startsWith(prefix)) {
        take(name, our.substring(0, our.length() - 1) + name.substring(prefix.length()));
      }
    }
    if (fitting.size() + wrong.size() == before) {
      wrong.add("%s has no array that begins with '%s'".formatted(file, prefix));
    }
  }

  private void take(String their, String our) {
    var tensor = theirs.get(their);
    var shape = ours.get(our);
    if (tensor == null) {
      wrong.add("%s has no array '%s'".formatted(file, their));
    } else if (shape == null) {
      wrong.add("the network has no array '%s', as which '%s' is to be read".formatted(our, their));
    } else if (!Arrays.equals(tensor.shape(), shape.getShape())) {
      wrong.add(
          "'%s' is %s, and '%s' of the network is %s"
              .formatted(their, label(tensor.shape()), our, label(shape.getShape())));
    } else {
      fitting.put(our, tensor);
      unused.remove(their);
    }
  }

  private static String label(long[] shape) {
    return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(" × "));
  }

  private Map<String, SafeTensors.Tensor> checked() {
    if (fitting.isEmpty() || !wrong.isEmpty()) {
      if (wrong.isEmpty()) {
        wrong.add("no array of %s has a name of the network's".formatted(file));
      }
      wrong.add(
          "%s has %s"
              .formatted(
                  file,
                  some(
                      theirs.entrySet().stream()
                          .map(each -> each.getKey() + " " + label(each.getValue().shape()))
                          .toList())));
      wrong.add(
          "the network has %s"
              .formatted(
                  some(
                      ours.entrySet().stream()
                          .map(each -> each.getKey() + " " + label(each.getValue().getShape()))
                          .toList())));
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE,
          String.join("\n", wrong),
          "Say with 'weightNames' which is which: {\"fc1.*\": \"01Linear_*\"}; leave out what does not fit.");
    }
    System.out.printf(
        "%d of the network's %d arrays begin as in %s%s%n",
        fitting.size(),
        ours.size(),
        file,
        unused.isEmpty() ? "" : "; of no use there are " + some(List.copyOf(unused)));
    return fitting;
  }

  private static String some(List<String> all) {
    return all.stream().limit(SHOWN).collect(Collectors.joining(", "))
        + (all.size() > SHOWN ? " and %d more".formatted(all.size() - SHOWN) : "");
  }
}

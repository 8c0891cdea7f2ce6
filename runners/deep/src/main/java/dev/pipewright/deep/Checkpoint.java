package dev.pipewright.deep;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where a training stands: its weights, the optimizer's memory, the best weights so far, and its
/// place in the data. What is left to chance needs no place of its own: every step draws from a
/// seed that is made of the training's and the step's number.
///
/// @param settings what the training was made with
/// @param best empty before the first epoch has ended
record Checkpoint(
    String settings,
    Position position,
    Map<String, SafeTensors.Tensor> now,
    Map<String, SafeTensors.Tensor> memory,
    Map<String, SafeTensors.Tensor> best) {
  static final String FILE = "training.safetensors";

  /// @param epoch from 0; the one that is under way
  /// @param batch steps of it that were taken
  /// @param step steps in all
  /// @param lossSum of the epoch's rows so far
  /// @param rate the highest learning rate
  /// @param scale what losses are multiplied with, see [LossScale]
  /// @param counts steps of each group of weights
  record Position(
      int epoch,
      int batch,
      long step,
      double lossSum,
      long rows,
      double rate,
      long millis,
      int bestEpoch,
      double bestScore,
      LossScale scale,
      long[] counts,
      List<Training.Epoch> epochs) {}

  void write(Path folder) throws IOException {
    var tensors = new LinkedHashMap<String, SafeTensors.Tensor>();
    now.forEach((name, tensor) -> tensors.put("now/" + name, tensor));
    memory.forEach((name, tensor) -> tensors.put("memory/" + name, tensor));
    best.forEach((name, tensor) -> tensors.put("best/" + name, tensor));
    Files.createDirectories(folder);
    new SafeTensors(
            tensors,
            Map.of("settings", settings, "position", Json.MAPPER.writeValueAsString(position)))
        .write(folder.resolve(FILE));
  }

  /// The checkpoint of this folder; none where there is none, or one of another training.
  static Optional<Checkpoint> read(Path folder, String settings) throws IOException {
    var file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      var read = SafeTensors.read(file);
      if (!settings.equals(read.metadata().get("settings"))) {
        return Optional.empty();
      }
      return Optional.of(
          new Checkpoint(
              settings,
              Json.MAPPER.readValue(read.metadata().get("position"), Position.class),
              part(read, "now/"),
              part(read, "memory/"),
              part(read, "best/")));
    } catch (ProblemException | JsonProcessingException _) {
      return Optional.empty(); // it is of no use; learning begins anew
    }
  }

  private static Map<String, SafeTensors.Tensor> part(SafeTensors read, String prefix) {
    var part = new LinkedHashMap<String, SafeTensors.Tensor>();
    read.tensors()
        .forEach((name, tensor) -> {
          if (name.startsWith(prefix)) {
            part.put(name.substring(prefix.length()), tensor);
          }
        });
    return part;
  }
}

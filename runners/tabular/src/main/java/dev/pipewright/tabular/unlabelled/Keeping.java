package dev.pipewright.tabular.unlabelled;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A model without a target, in its folder and back.
final class Keeping {
  static final String FILE = "model.json";
  private static final String LIBRARY = "pipewright";

  private Keeping() {}

  /// @param flavor names what reads it; also the kind of task
  /// @param prediction what the number that it gives each row is called
  /// @param rounds trees or clusters
  static ModelCard card(
      String flavor,
      String prediction,
      Columns columns,
      Frame frame,
      int rounds,
      String metric,
      double score,
      Map<String, String> params) {
    return new ModelCard(
        ModelCard.FORMAT,
        flavor,
        LIBRARY,
        new Target(prediction, Target.Kind.REGRESSION, List.of()),
        List.of(),
        0,
        List.of(),
        columns.dropped(),
        frame.rows(),
        rounds,
        metric,
        score,
        params);
  }

  /// Puts the model into the catalog and among the outputs.
  static void write(
      TaskContext context,
      ModelCard card,
      Object model,
      Columns columns,
      Frame frame,
      ModelFolder.About about,
      List<ModelFolder.Field> outputs)
      throws IOException {
    var data = context.data("train");
    var inputs = columns.fields();
    var folder = Files.createTempDirectory("pipewright-model");
    try {
      Json.MAPPER.writeValue(folder.resolve(FILE).toFile(), model);
      card.write(folder);
      new ModelFolder(
              new ModelFolder.Flavor(card.flavor(), card.format(), card.library()),
              about,
              new ModelFolder.Signature(inputs, outputs),
              ModelFolder.Example.of(frame, inputs),
              new ModelFolder.Data(data.name(), data.digest(), frame.rows()),
              Map.of(),
              List.of(),
              card.params(),
              card.dropped())
          .write(folder, context);
      context.output("model", context.logModel("model", card.flavor(), folder, card.params()));
    } finally {
      try (var files = Files.list(folder)) {
        for (var file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  /// @throws ProblemException MODEL_UNREADABLE
  static <T> T read(Path folder, Class<T> type) throws IOException {
    try {
      return Json.MAPPER.readValue(Files.readString(folder.resolve(FILE)), type);
    } catch (NoSuchFileException e) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE, "the model has no %s".formatted(FILE), e);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE, "%s: %s".formatted(FILE, e.getOriginalMessage()), e);
    }
  }
}

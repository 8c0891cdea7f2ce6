package dev.pipewright.tabular;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// `pipewright-model.json`: all that is needed beside the trees to predict from a table, and where
/// they come from.
///
/// @param format [#FORMAT]; a reader refuses a newer one
/// @param flavor what can load the model
/// @param library and its version
/// @param target what is predicted
/// @param priors each class's share of the training rows; empty for regression
/// @param mean of the target in the training rows; 0 for classification
/// @param features in the order of the model's numbers; empty where the model has encoders of its
///   own
/// @param dropped columns that were not learned from, and why
/// @param rows of the training table, those held out for validation included
/// @param rounds how many the model has; the best one was the last of them
/// @param metric what chose the best round
/// @param bestScore its value there
/// @param params the settings of the training
public record ModelCard(
    int format,
    String flavor,
    String library,
    Target target,
    List<Double> priors,
    double mean,
    List<Feature> features,
    Map<String, String> dropped,
    long rows,
    int rounds,
    String metric,
    double bestScore,
    Map<String, String> params) {
  public static final int FORMAT = 1;
  public static final String FILE = "pipewright-model.json";

  Features encoding() {
    return new Features(features, dropped);
  }

  public void write(Path folder) throws IOException {
    var writer = Json.MAPPER.writerWithDefaultPrettyPrinter();
    Files.writeString(folder.resolve(FILE), writer.writeValueAsString(this) + "\n");
  }

  /// @throws ProblemException MODEL_UNREADABLE
  public static ModelCard read(Path folder) throws IOException {
    var file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE,
          "the model has no %s".formatted(FILE),
          "Give the model of a task such as pipewright/automl@v1 or pipewright/xgboost@v1.");
    }
    try {
      var tree = Json.MAPPER.readTree(file.toFile());
      int format = tree.path("format").asInt();
      if (format != FORMAT) {
        throw new ProblemException(
            ProblemCode.MODEL_UNREADABLE,
            "%s has format %d; this version reads %d".formatted(FILE, format, FORMAT));
      }
      return Json.MAPPER.treeToValue(tree, ModelCard.class);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE, "%s: %s".formatted(FILE, e.getOriginalMessage()), e);
    }
  }
}

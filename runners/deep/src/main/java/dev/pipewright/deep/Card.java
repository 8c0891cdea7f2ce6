package dev.pipewright.deep;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `pipewright-model.json` of a model that was trained here: all that is needed beside the weights
/// to predict with it or to train it further.
///
/// @param format [#FORMAT]; a reader refuses another one
/// @param goal null for a language model and a recommender
/// @param rows it was learned from
/// @param metric what chose the best epoch
/// @param params the settings of the training
public record Card(
    int format,
    String flavor,
    String library,
    Architecture architecture,
    Preparation preparation,
    @Nullable Goal goal,
    long rows,
    String metric,
    double bestScore,
    int bestEpoch,
    Map<String, String> params) {
  static final int FORMAT = 1;
  static final String FLAVOR = "djl";
  static final String LIBRARY = "djl 0.35.1, pytorch 2.7.1";
  static final String FILE = "pipewright-model.json";
  static final String WEIGHTS = "weights.safetensors";

  static Card of(
      Architecture architecture,
      Preparation preparation,
      @Nullable Goal goal,
      long rows,
      Training.Result result,
      Map<String, String> params) {
    return new Card(
        FORMAT,
        FLAVOR,
        LIBRARY,
        architecture,
        preparation,
        goal,
        rows,
        result.metric(),
        result.bestScore(),
        result.bestEpoch(),
        new LinkedHashMap<>(params));
  }

  /// The files of a model.
  static List<String> files() {
    return List.of(FILE, WEIGHTS);
  }

  void write(Path folder, Map<String, SafeTensors.Tensor> weights) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve(FILE),
        Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
    new SafeTensors(weights, Map.of("format", "pt")).write(folder.resolve(WEIGHTS));
  }

  /// @throws ProblemException MODEL_UNREADABLE
  static Card read(Path folder) throws IOException {
    var file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw unreadable("the model has no " + FILE, null);
    }
    try {
      var tree = Json.MAPPER.readTree(file.toFile());
      if (!tree.path("flavor").asText().equals(FLAVOR)) {
        throw unreadable(
            "the model's flavor is '%s'".formatted(tree.path("flavor").asText()), null);
      }
      if (tree.path("format").asInt() != FORMAT) {
        throw unreadable(
            "%s has format %d; this version reads %d"
                .formatted(FILE, tree.path("format").asInt(), FORMAT),
            null);
      }
      return Json.MAPPER.treeToValue(tree, Card.class);
    } catch (JsonProcessingException e) {
      throw unreadable("%s: %s".formatted(FILE, e.getOriginalMessage()), e);
    }
  }

  private static ProblemException unreadable(String detail, @Nullable Exception cause) {
    var problem =
        new ProblemException(
            ProblemCode.MODEL_UNREADABLE, detail, "Give the model of a pipewright/train@v1 task.");
    if (cause != null) {
      problem.initCause(cause);
    }
    return problem;
  }
}

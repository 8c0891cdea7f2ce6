package dev.pipewright.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.client.Blobs;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineVersion;
import dev.pipewright.contract.task.DataRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns words of the command line into params of the types the pipeline declares. What does not
/// fit is passed on as text: the server reports it, together with everything else.
final class Params {
  private Params() {}

  /// @param given by name, as they were written
  /// @throws ProblemException INPUT_MISSING for a data file that is not there
  static Map<String, JsonNode> read(
      Map<String, String> given, Map<String, PipelineVersion.Param> declared, Blobs blobs) {
    var params = new LinkedHashMap<String, JsonNode>();
    given.forEach((name, text) -> params.put(name, read(name, text, declared.get(name), blobs)));
    return params;
  }

  private static JsonNode read(
      String name, String text, PipelineVersion.@Nullable Param declared, Blobs blobs) {
    if (declared == null) {
      return TextNode.valueOf(text);
    }
    return switch (declared.type()) {
      case STRING -> TextNode.valueOf(text);
      case INT, DOUBLE, BOOL, JSON -> json(text);
      case DATASET -> data(name, text, DataRef.Kind.DATASET, blobs);
      case MODEL -> data(name, text, DataRef.Kind.MODEL, blobs);
      case ARTIFACT -> data(name, text, DataRef.Kind.ARTIFACT, blobs);
    };
  }

  private static JsonNode json(String text) {
    try {
      return Json.MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(text);
    }
  }

  private static JsonNode data(String name, String text, DataRef.Kind kind, Blobs blobs) {
    if (text.startsWith("{")) {
      return json(text);
    }
    var file = Path.of(text);
    if (!Files.exists(file)) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "There is no file or folder %s for the param %s.".formatted(file.toAbsolutePath(), name));
    }
    return Json.MAPPER.valueToTree(blobs.upload(file, kind));
  }
}

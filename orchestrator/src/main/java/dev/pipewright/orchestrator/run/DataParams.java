package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.ValueType;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.platform.Blobs;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Turns a path given for a data param into a reference to its content as it is now, so that a run
/// reads the same whatever happens to the file later.
@ApplicationScoped
class DataParams {
  private final Blobs blobs;

  DataParams(Blobs blobs) {
    this.blobs = blobs;
  }

  /// @throws ProblemException PARAMS_INVALID with every param that cannot be used
  Map<String, JsonNode> store(PipelineSpec spec, Map<String, JsonNode> params) {
    var errors = new ArrayList<Problem.Violation>();
    var stored = new LinkedHashMap<String, JsonNode>();
    params.forEach((name, value) -> {
      var param = spec.params().get(name);
      if (param == null || !param.type().isData()) {
        stored.put(name, value);
      } else if (value.isTextual()) {
        file(name, param.type(), value.textValue(), stored, errors);
      } else {
        reference(name, value, stored, errors);
      }
    });
    if (!errors.isEmpty()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PARAMS_INVALID,
              "The params of pipeline '" + spec.name() + "' cannot be used.",
              List.copyOf(errors)));
    }
    return stored;
  }

  private void file(
      String name,
      ValueType type,
      String text,
      Map<String, JsonNode> stored,
      List<Problem.Violation> errors) {
    try {
      var file = Path.of(text);
      if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
        errors.add(
            violation(
                "INPUT_MISSING",
                name,
                "'" + text + "' is not a file that the server can read.",
                "Give the path of a file, or upload it and give its reference."));
        return;
      }
      var digest = Digests.of(file);
      try (var content = Files.newInputStream(file)) {
        long size = blobs.put(digest, content).size();
        stored.put(
            name,
            Json.MAPPER.valueToTree(
                DataRef.file(kind(type), file.getFileName().toString(), digest, size)));
      }
    } catch (InvalidPathException | IOException e) {
      errors.add(
          violation(
              "INPUT_MISSING", name, "'" + text + "' cannot be read: " + e.getMessage(), null));
    }
  }

  private void reference(
      String name, JsonNode value, Map<String, JsonNode> stored, List<Problem.Violation> errors) {
    try {
      var data = Json.MAPPER.treeToValue(value, DataRef.class);
      for (var file : data.files()) {
        if (!blobs.renew(file.digest())) {
          errors.add(
              violation(
                  "INPUT_MISSING",
                  name,
                  "The content of '" + file.path() + "' (" + file.digest() + ") was not uploaded.",
                  "Upload it with PUT /api/v1/blobs/{digest}."));
        }
      }
      stored.put(name, value);
    } catch (IOException | RuntimeException e) {
      errors.add(
          violation(
              "TYPE_MISMATCH",
              name,
              "The value is not a reference to data: " + e.getMessage(),
              "Give the path of a file, or a reference with kind, name, digest, size and files."));
    }
  }

  private static DataRef.Kind kind(ValueType type) {
    return switch (type) {
      case DATASET -> DataRef.Kind.DATASET;
      case MODEL -> DataRef.Kind.MODEL;
      case ARTIFACT -> DataRef.Kind.ARTIFACT;
      case STRING, INT, DOUBLE, BOOL, JSON ->
          throw new IllegalArgumentException(type + " is not data");
    };
  }

  private static Problem.Violation violation(
      String code, String name, String message, @Nullable String remedy) {
    return new Problem.Violation(code, message, "params." + name, null, null, remedy);
  }
}

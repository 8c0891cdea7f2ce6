package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.language.TaskSpec;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.run.Changes.StartedAttempt;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What the outputs of an attempt depend on, as one digest: the work and its files, the inputs, the
/// environment, the image, the declared outputs. Data among the inputs counts by its content.
final class CacheKeys {
  private static final com.fasterxml.jackson.databind.ObjectMapper CANONICAL =
      Json.MAPPER.copy().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private CacheKeys() {}

  /// @param files of the pipeline version
  /// @return null for an attempt whose outputs are not to be used again
  static @Nullable String of(StartedAttempt attempt, List<DataRef.FileRef> files) {
    var spec = attempt.spec();
    if (!mayHave(spec)) {
      return null;
    }
    Object work =
        switch (spec.work()) {
          case Work.Builtin(var uses) -> uses;
          case Work.Command(var words, var names) ->
              List.of(
                  words,
                  files.stream()
                      .filter(file -> names.contains(file.path()))
                      .map(file -> List.of(file.path(), file.digest()))
                      .toList());
          case Work.Call _, Work.Approval _ -> null;
        };
    if (work == null) {
      return null;
    }
    var parts = new TreeMap<String, Object>();
    parts.put("work", work);
    parts.put("image", String.valueOf(spec.image()));
    parts.put("env", new TreeMap<>(spec.env()).toString());
    parts.put("outputs", new TreeMap<>(spec.outputs()).toString());
    parts.put("inputs", contents(attempt.inputs()));
    try {
      return Digests.of(CANONICAL.writeValueAsString(parts));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException("values did not become JSON", e);
    }
  }

  /// Whether attempts of a task may have a key.
  static boolean mayHave(TaskSpec spec) {
    // What tidies up or tells somebody is not done by having been done before.
    return spec.cache().on() && !spec.outputs().isEmpty() && !spec.isFinally();
  }

  private static Map<String, Object> contents(Map<String, JsonNode> inputs) {
    var contents = new TreeMap<String, Object>();
    inputs.forEach((name, value) -> contents.put(name, content(value)));
    return contents;
  }

  /// Where data comes from makes no difference: two runs that made the same made the same.
  private static Object content(JsonNode value) {
    if (value.isObject()) {
      if (value.hasNonNull("kind") && value.hasNonNull("digest")) {
        return List.of(value.get("kind").asText(), value.get("digest").asText());
      }
      var fields = new TreeMap<String, Object>();
      value.properties().forEach(field -> fields.put(field.getKey(), content(field.getValue())));
      return fields;
    }
    if (value.isArray()) {
      return value.valueStream().map(CacheKeys::content).toList();
    }
    return value;
  }
}

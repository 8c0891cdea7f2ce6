package dev.pipewright.orchestrator.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.StudyObjective;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.tune.StudySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads what a study is made with; all that is wrong with it is answered at once.
final class StudyReader {
  private static final Duration LEASE = Duration.ofMinutes(10);
  private static final List<String> OURS = List.of("lease", "from");

  private StudyReader() {}

  /// @param from studies to learn from
  record Wanted(StudySpec spec, Duration lease, List<String> from) {}

  static Wanted read(String name, @Nullable JsonNode body) {
    var fields = Fields.of(body);
    fields.checkName("study", name);
    var lease = fields.duration("lease");
    if (lease != null && lease.toSeconds() < 1) {
      fields.error("OUT_OF_RANGE", "lease", "the lease is shorter than a second", "Raise it.");
    }
    var from = new ArrayList<String>();
    var names = body.path("from");
    if (!names.isMissingNode() && !names.isArray()) {
      fields.error("TYPE_MISMATCH", "from", "'from' is no list", "List names of studies.");
    }
    for (var one : names) {
      if (one.isTextual()) {
        from.add(one.textValue());
      } else {
        fields.error(
            "TYPE_MISMATCH", "from", "a study to learn from is no name", "List names of studies.");
      }
    }
    var errors = new ArrayList<>(fields.errors());
    StudySpec spec = null;
    try {
      spec = StudySpec.read(search(body));
    } catch (ProblemException e) {
      errors.addAll(e.problem().errors());
    }
    if (spec == null || !errors.isEmpty()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.STUDY_INVALID,
              errors.size() == 1
                  ? "The study '%s': %s.".formatted(name, errors.getFirst().message())
                  : "The study '%s' has %d errors; the first: %s."
                      .formatted(name, errors.size(), errors.getFirst().message()),
              errors));
    }
    return new Wanted(spec, lease == null ? LEASE : lease, from);
  }

  /// What people see of it. Of whatever is stored, so that one study that an earlier version let in
  /// hides no other.
  static dev.pipewright.contract.api.StudySpec shown(JsonNode body) {
    var space = new LinkedHashMap<String, JsonNode>();
    body.path("space").properties().forEach(one -> space.put(one.getKey(), one.getValue()));
    var objectives = new ArrayList<StudyObjective>();
    for (var one : body.path("objectives")) {
      objectives.add(
          new StudyObjective(one.path("name").asText(), one.path("direction").asText(null)));
    }
    var from = new ArrayList<String>();
    body.path("from").forEach(one -> from.add(one.asText()));
    return new dev.pipewright.contract.api.StudySpec(
        space,
        objectives,
        body.get("sampler"),
        body.get("pruner"),
        body.hasNonNull("seed") ? body.get("seed").asLong() : null,
        body.hasNonNull("maxTrials") ? body.get("maxTrials").asInt() : null,
        body.path("lease").asText(null),
        body.has("from") ? from : null,
        null);
  }

  /// What the library reads of it.
  static JsonNode search(JsonNode body) {
    return body.<ObjectNode>deepCopy().without(OURS);
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.tracker.mlflow.Entities.Pair;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.trace.Assessment;
import dev.pipewright.tracker.trace.Assessment.Kind;
import dev.pipewright.tracker.trace.TraceInfo;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Traces and assessments as the protocol writes them. Times are RFC 3339, durations are seconds
/// with an `s`.
final class TraceMessages {
  static final List<String> STATES = List.of("OK", "ERROR", "IN_PROGRESS");
  private static final List<String> SOURCES = List.of("HUMAN", "LLM_JUDGE", "CODE");
  private static final String JSON_FORMAT = "JSON_FORMAT";
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T00:00:00Z");

  private TraceMessages() {}

  record Info(
      String traceId,
      @Nullable String clientRequestId,
      Location traceLocation,
      @Nullable String requestPreview,
      @Nullable String responsePreview,
      String requestTime,
      @Nullable String executionDuration,
      String state,
      Map<String, String> traceMetadata,
      List<AssessmentMessage> assessments,
      Map<String, String> tags) {}

  record Location(String type, ExperimentLocation mlflowExperiment) {}

  record ExperimentLocation(String experimentId) {}

  static Info info(TraceInfo trace, List<Assessment> assessments) {
    return new Info(
        trace.id(),
        trace.clientRequestId(),
        new Location(
            "MLFLOW_EXPERIMENT", new ExperimentLocation(String.valueOf(trace.experimentId()))),
        trace.requestPreview(),
        trace.responsePreview(),
        trace.requestTime().toString(),
        trace.duration() == null ? null : seconds(trace.duration()),
        trace.state(),
        trace.metadata(),
        assessments.stream().map(TraceMessages::message).toList(),
        trace.tags());
  }

  private static String seconds(long millis) {
    return BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString() + "s";
  }

  /// A trace as clients before version 3 know it.
  record OldInfo(
      String requestId,
      String experimentId,
      long timestampMs,
      long executionTimeMs,
      String status,
      List<Pair> requestMetadata,
      List<Pair> tags) {}

  static OldInfo oldInfo(TraceInfo trace) {
    return new OldInfo(
        trace.id(),
        String.valueOf(trace.experimentId()),
        trace.requestTime().toEpochMilli(),
        trace.duration() == null ? 0 : trace.duration(),
        trace.state().equals("STATE_UNSPECIFIED") ? "TRACE_STATUS_UNSPECIFIED" : trace.state(),
        Entities.pairs(trace.metadata()),
        Entities.pairs(trace.tags()));
  }

  record AssessmentMessage(
      String assessmentId,
      String assessmentName,
      String traceId,
      @Nullable String spanId,
      Source source,
      String createTime,
      String lastUpdateTime,
      @Nullable ObjectNode feedback,
      @Nullable ObjectNode expectation,
      @Nullable ObjectNode issue,
      @Nullable String rationale,
      Map<String, String> metadata,
      @Nullable String overrides,
      boolean valid) {}

  record Source(String sourceType, String sourceId) {}

  static AssessmentMessage message(Assessment assessment) {
    return new AssessmentMessage(
        assessment.id(),
        assessment.name(),
        assessment.traceId(),
        assessment.spanId(),
        new Source(assessment.sourceType(), assessment.sourceId()),
        assessment.createdAt().toString(),
        assessment.updatedAt().toString(),
        assessment.kind() == Kind.FEEDBACK ? feedback(assessment) : null,
        assessment.kind() == Kind.EXPECTATION ? expectation(assessment.value()) : null,
        assessment.kind() == Kind.ISSUE && assessment.value() instanceof ObjectNode issue
            ? issue
            : null,
        assessment.rationale(),
        assessment.metadata(),
        assessment.overrides(),
        assessment.valid());
  }

  private static ObjectNode feedback(Assessment assessment) {
    var feedback = JsonNodeFactory.instance.objectNode();
    feedback.set("value", assessment.value());
    if (assessment.error() != null) {
      feedback.set("error", assessment.error());
    }
    return feedback;
  }

  /// Clients read what is not a plain value from JSON within JSON.
  private static ObjectNode expectation(JsonNode value) {
    var expectation = JsonNodeFactory.instance.objectNode();
    if (value.isContainerNode() || value.isNull()) {
      expectation
          .putObject("serialized_value")
          .put("serialization_format", JSON_FORMAT)
          .put("value", value.toString());
    } else {
      expectation.set("value", value);
    }
    return expectation;
  }

  // Reading

  /// PostgreSQL's and Java's time both end long before a 64-bit number does.
  static Instant clamp(long millis) {
    return Instant.ofEpochMilli(Math.clamp(millis, FIRST.toEpochMilli(), LAST.toEpochMilli()));
  }

  /// @param locations where the files of a trace of an experiment go
  static TraceInfo readInfo(JsonNode info, long experimentId, String location) {
    var state = Call.string(info, "state", "trace.trace_info.state");
    var tags = map(info, "tags");
    name(tags);
    tags.put(TraceInfo.LOCATION_TAG, location);
    return new TraceInfo(
        Call.requireString(info, "trace_id", "trace.trace_info.trace_id"),
        experimentId,
        Call.string(info, "client_request_id", "trace.trace_info.client_request_id"),
        time(info, "request_time"),
        duration(info, "execution_duration"),
        state != null && STATES.contains(state) ? state : "STATE_UNSPECIFIED",
        Call.string(info, "request_preview", "trace.trace_info.request_preview"),
        Call.string(info, "response_preview", "trace.trace_info.response_preview"),
        map(info, "trace_metadata"),
        tags);
  }

  static void name(Map<String, String> tags) {
    var name = tags.get(TraceInfo.NAME_TAG);
    if (name != null) {
      Rules.length("Trace name", Rules.TAG_VALUE, name);
    }
  }

  static Map<String, String> map(JsonNode object, String name) {
    var map = new LinkedHashMap<String, String>();
    var given = either(object, name);
    given
        .properties()
        .forEach(each -> {
          var value = Call.string(given, each.getKey(), name + "." + each.getKey());
          if (each.getKey().indexOf('\0') >= 0) {
            throw MlflowError.invalid("A key of '" + name + "' holds a NUL character.");
          }
          map.put(each.getKey(), value == null ? "" : value);
        });
    return map;
  }

  private static JsonNode either(JsonNode object, String name) {
    if (object.hasNonNull(name)) {
      return object.path(name);
    }
    var camel = new StringBuilder();
    for (var word : name.split("_", -1)) {
      camel.append(
          camel.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return object.path(camel.toString());
  }

  private static Instant time(JsonNode object, String name) {
    var text = Call.string(object, name, name);
    if (text == null) {
      return Instant.EPOCH;
    }
    try {
      var time = Instant.parse(text);
      if (time.isBefore(FIRST) || time.isAfter(LAST)) {
        throw MlflowError.invalid("The time '" + text + "' of '" + name + "' is out of range.");
      }
      return Instant.ofEpochMilli(time.toEpochMilli());
    } catch (DateTimeException e) {
      throw MlflowError.invalidValue(
          name, MlflowJson.text(text), "It is no time such as 2026-01-02T03:04:05.678Z.");
    }
  }

  private static @Nullable Long duration(JsonNode object, String name) {
    var text = Call.string(object, name, name);
    if (text == null) {
      return null;
    }
    try {
      if (!text.endsWith("s") || text.length() > 40) {
        throw new NumberFormatException("no unit");
      }
      return new BigDecimal(text.substring(0, text.length() - 1)).movePointRight(3).longValue();
    } catch (NumberFormatException e) {
      throw MlflowError.invalidValue(
          name, MlflowJson.text(text), "It is no duration such as 1.5s.");
    }
  }

  static Assessment readAssessment(JsonNode given, String traceId, Instant now) {
    return readAssessment(
        given, traceId, now, Ids.uuid7(now.toEpochMilli()).toString().replace("-", ""));
  }

  /// @param newId of one that has none
  static Assessment readAssessment(JsonNode given, String traceId, Instant now, String newId) {
    var kind = kind(given);
    if (kind == null) {
      throw MlflowError.invalid(
          "Unknown assessment type: an assessment holds one of feedback, expectation, issue.");
    }
    var source = given.path("source");
    var id = Call.string(given, "assessment_id", "assessment.assessment_id");
    var created = Call.string(given, "create_time", "assessment.create_time");
    var updated = Call.string(given, "last_update_time", "assessment.last_update_time");
    var sourceId = Call.string(source, "source_id", "assessment.source.source_id");
    return new Assessment(
        id == null || id.isEmpty() ? "a-" + newId : id,
        traceId,
        Call.requireString(given, "assessment_name", "assessment.assessment_name"),
        kind,
        value(given, kind),
        error(given, kind),
        sourceType(source),
        sourceId == null ? "default" : sourceId,
        emptyAsNull(Call.string(given, "span_id", "assessment.span_id")),
        Call.string(given, "rationale", "assessment.rationale"),
        map(given, "metadata"),
        emptyAsNull(Call.string(given, "overrides", "assessment.overrides")),
        true,
        created == null ? now : time(given, "create_time"),
        updated == null ? now : time(given, "last_update_time"));
  }

  private static @Nullable String emptyAsNull(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  private static String sourceType(JsonNode source) {
    var type = Call.string(source, "source_type", "assessment.source.source_type");
    if (type == null || type.equals("SOURCE_TYPE_UNSPECIFIED")) {
      return "SOURCE_TYPE_UNSPECIFIED";
    }
    // The old name of the same.
    var known = type.equals("AI_JUDGE") ? "LLM_JUDGE" : type;
    if (!SOURCES.contains(known)) {
      throw MlflowError.invalid(
          "Invalid assessment source type: " + type + ". Valid source types: " + SOURCES);
    }
    return known;
  }

  static @Nullable Kind kind(JsonNode given) {
    if (given.hasNonNull("feedback")) {
      return Kind.FEEDBACK;
    }
    if (given.hasNonNull("expectation")) {
      return Kind.EXPECTATION;
    }
    return given.hasNonNull("issue") ? Kind.ISSUE : null;
  }

  static JsonNode value(JsonNode given, Kind kind) {
    var value =
        switch (kind) {
          case FEEDBACK -> given.path("feedback").path("value");
          case EXPECTATION -> {
            var serialized = either(given.path("expectation"), "serialized_value");
            yield serialized.isMissingNode()
                ? given.path("expectation").path("value")
                : parse(serialized);
          }
          case ISSUE -> given.path("issue");
        };
    if (value.toString().contains("\\u0000")) {
      throw MlflowError.invalid(
          "The value of the assessment holds a NUL character, which cannot be stored.");
    }
    if (value.isMissingNode()) {
      return JsonNodeFactory.instance.nullNode();
    }
    // Protobuf's JSON has no whole numbers, so 4.0 is written as 4.
    return value.isFloatingPointNumber()
            && value.doubleValue() == Math.rint(value.doubleValue())
            && Math.abs(value.doubleValue()) < 0x1p53
        ? JsonNodeFactory.instance.numberNode((long) value.doubleValue())
        : value;
  }

  private static JsonNode parse(JsonNode serialized) {
    var format = either(serialized, "serialization_format").asText();
    if (!format.equals(JSON_FORMAT)) {
      throw MlflowError.invalid(
          "Unknown serialization format: " + format + ". Only JSON_FORMAT is supported.");
    }
    try {
      return MlflowJson.MAPPER.readTree(serialized.path("value").asText());
    } catch (JsonProcessingException e) {
      throw MlflowError.invalid(
          "The serialized value of the expectation is not JSON: " + e.getOriginalMessage());
    }
  }

  static @Nullable JsonNode error(JsonNode given, Kind kind) {
    var error = given.path("feedback").path("error");
    if (kind != Kind.FEEDBACK || !error.isObject()) {
      return null;
    }
    var read = JsonNodeFactory.instance.objectNode();
    for (var name : List.of("error_code", "error_message", "stack_trace")) {
      var text = Call.string(error, name, "assessment.feedback.error." + name);
      if (text != null) {
        read.put(name, text);
      }
    }
    return read;
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.trace.Assessment;
import dev.pipewright.tracker.trace.Assessment.Kind;
import dev.pipewright.tracker.trace.AssessmentStore;
import dev.pipewright.tracker.trace.TraceStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Assessments of traces. One that overrides another makes that one invalid, until it is deleted
/// itself.
@ApplicationScoped
class AssessmentCalls implements Routes.Family {
  private static final Pattern CAPITAL = Pattern.compile("[A-Z]");

  private final Db db;
  private final AssessmentStore assessments;
  private final Clock clock;

  AssessmentCalls(Db db, AssessmentStore assessments, Clock clock) {
    this.db = db;
    this.assessments = assessments;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("3.0/mlflow/traces/{trace_id}/assessments", Repeat.MAKES_ANOTHER, this::create)
        .get("3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", this::get)
        .patch("3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", this::update)
        .delete("3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", this::delete);
  }

  private static JsonNode given(Call call) {
    var given = call.get("assessment");
    if (!given.isObject()) {
      throw MlflowError.missing("assessment");
    }
    return given;
  }

  private static long trace(Handle tx, String id) {
    return TraceStore.number(tx, id).orElseThrow(() -> TraceCalls.none(id));
  }

  private static Object answer(Assessment assessment) {
    return Map.of("assessment", TraceMessages.message(assessment));
  }

  private Object create(Call call) {
    var traceId = call.requireString("trace_id");
    var assessment = TraceMessages.readAssessment(given(call), traceId, clock.instant());
    db.useTransaction(tx -> put(assessments, tx, trace(tx, traceId), assessment));
    return answer(assessment);
  }

  static void put(AssessmentStore assessments, Handle tx, long trace, Assessment assessment) {
    var overridden = assessment.overrides();
    if (overridden != null && !AssessmentStore.setValid(tx, trace, overridden, false)) {
      throw none(assessment.traceId(), overridden);
    }
    if (!assessments.put(tx, trace, assessment)) {
      throw MlflowError.exists(
          "Another trace has an assessment with ID '" + assessment.id() + "'.");
    }
  }

  private static MlflowError none(String traceId, String id) {
    return MlflowError.notFound(
        "Assessment with ID '" + id + "' not found for trace '" + traceId + "'");
  }

  private Object get(Call call) {
    var traceId = call.requireString("trace_id");
    var id = call.requireString("assessment_id");
    return answer(db.inTransaction(tx -> find(tx, traceId, id)));
  }

  private static Assessment find(Handle tx, String traceId, String id) {
    return AssessmentStore.find(tx, traceId, id)
        .orElseThrow(() -> {
          trace(tx, traceId);
          return none(traceId, id);
        });
  }

  /// Names of the mask come in protobuf's spelling or in Python's.
  private static Set<String> mask(Call call) {
    var names = new LinkedHashSet<String>();
    for (var name : call.requireString("update_mask").split(",", -1)) {
      names.add(
          CAPITAL
              .matcher(name.strip())
              .replaceAll(letter -> "_" + letter.group().toLowerCase(Locale.ROOT)));
    }
    return names;
  }

  private Object update(Call call) {
    var traceId = call.requireString("trace_id");
    var id = call.requireString("assessment_id");
    var given = given(call);
    var mask = mask(call);
    if (mask.contains("feedback") && mask.contains("expectation")) {
      throw MlflowError.invalid("Cannot specify both `expectation` and `feedback` parameters.");
    }
    return answer(
        db.inTransaction(tx -> {
          AssessmentStore.lock(tx, id);
          var updated = updated(find(tx, traceId, id), given, mask);
          assessments.put(tx, trace(tx, traceId), updated);
          return updated;
        }));
  }

  private Assessment updated(Assessment old, JsonNode given, Set<String> mask) {
    refuse(old, mask, Kind.FEEDBACK, "a Feedback", "expectation");
    refuse(old, mask, Kind.EXPECTATION, "an Expectation", "feedback");
    boolean valued = mask.contains("feedback") || mask.contains("expectation");
    var metadata = new LinkedHashMap<>(old.metadata());
    if (mask.contains("metadata")) {
      metadata.putAll(TraceMessages.map(given, "metadata"));
    }
    return new Assessment(
        old.id(),
        old.traceId(),
        mask.contains("assessment_name")
            ? Call.requireString(given, "assessment_name", "assessment.assessment_name")
            : old.name(),
        old.kind(),
        valued ? TraceMessages.value(given, old.kind()) : old.value(),
        valued ? TraceMessages.error(given, old.kind()) : old.error(),
        old.sourceType(),
        old.sourceId(),
        old.spanId(),
        mask.contains("rationale")
            ? Call.string(given, "rationale", "assessment.rationale")
            : old.rationale(),
        metadata,
        old.overrides(),
        mask.contains("valid") ? given.path("valid").asBoolean(true) : old.valid(),
        old.createdAt(),
        clock.instant());
  }

  private static void refuse(
      Assessment old, Set<String> mask, Kind kind, String what, String other) {
    if (old.kind() == kind && mask.contains(other)) {
      throw MlflowError.invalid("Cannot update " + other + " value on " + what + " assessment.");
    }
  }

  /// Once more is no error.
  private @Nullable Object delete(Call call) {
    var traceId = call.requireString("trace_id");
    var id = call.requireString("assessment_id");
    db.useTransaction(tx -> {
      long trace = trace(tx, traceId);
      AssessmentStore.lock(tx, id);
      AssessmentStore.find(tx, traceId, id)
          .ifPresent(assessment -> {
            if (assessment.overrides() != null) {
              AssessmentStore.setValid(tx, trace, assessment.overrides(), true);
            }
            AssessmentStore.delete(tx, trace, id);
          });
    });
    return null;
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.evaluation.ScorerStore;
import dev.pipewright.tracker.evaluation.ScorerStore.ScorerRow;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Scorers, which clients keep here to run them themselves. This server does not run them.
@ApplicationScoped
class ScorerCalls implements Routes.Family {
  private final Db db;
  private final ScorerStore scorers;
  private final Clock clock;

  ScorerCalls(Db db, ScorerStore scorers, Clock clock) {
    this.db = db;
    this.scorers = scorers;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("3.0/mlflow/scorers/register", Repeat.MAKES_ANOTHER, this::register)
        .get("3.0/mlflow/scorers/list", this::list)
        .get("3.0/mlflow/scorers/versions", this::versions)
        .get("3.0/mlflow/scorers/get", this::get)
        .delete("3.0/mlflow/scorers/delete", Repeat.IS_REFUSED, this::delete);
  }

  private record Scorer(
      long experimentId,
      String scorerName,
      int scorerVersion,
      String serializedScorer,
      long creationTime,
      String scorerId) {
    static Scorer of(ScorerRow row) {
      return new Scorer(
          row.experimentId(),
          row.name(),
          row.version(),
          row.serialized(),
          row.createdAt().toEpochMilli(),
          row.id());
    }
  }

  private record Scorers(List<Scorer> scorers) {
    static Scorers of(List<ScorerRow> rows) {
      return new Scorers(rows.stream().map(Scorer::of).toList());
    }
  }

  private record Registered(
      int version,
      String scorerId,
      String experimentId,
      String name,
      String serializedScorer,
      long creationTime) {}

  private record Found(Scorer scorer) {}

  private Object register(Call call) {
    long experimentId = Rules.experimentId(call.requireString("experiment_id"));
    var name = call.requireString("name");
    var serialized = call.requireString("serialized_scorer");
    if (name.isBlank()) {
      throw MlflowError.invalid("Scorer name cannot be empty or contain only whitespace.");
    }
    try {
      MlflowJson.MAPPER.readTree(serialized);
    } catch (JsonProcessingException e) {
      throw MlflowError.invalid("serialized_scorer must be valid JSON: " + e.getOriginalMessage());
    }
    var registered =
        db.inTransaction(tx -> {
          active(tx, experimentId);
          return ScorerStore.register(
              tx, UUID.randomUUID().toString(), experimentId, name, serialized, clock.instant());
        });
    return new Registered(
        registered.version(),
        registered.id(),
        String.valueOf(experimentId),
        name,
        serialized,
        registered.createdAt().toEpochMilli());
  }

  private static void active(Handle tx, long experimentId) {
    ExperimentCalls.active(ExperimentCalls.find(tx, experimentId));
  }

  private Object list(Call call) {
    var one = call.string("experiment_id", "");
    if (!one.isEmpty() && call.has("experiment_ids")) {
      throw MlflowError.invalid(
          "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope"
              + " the query to multiple experiments, or 'experiment_id' to scope it to a single"
              + " experiment.");
    }
    if (!one.isEmpty()) {
      long experimentId = Rules.experimentId(one);
      db.useTransaction(tx -> active(tx, experimentId));
      return Scorers.of(scorers.newest(List.of(experimentId)));
    }
    return Scorers.of(
        scorers.newest(
            call.has("experiment_ids")
                ? Rules.experimentIds(call.strings("experiment_ids"))
                : null));
  }

  private List<ScorerRow> found(Call call) {
    long experimentId = Rules.experimentId(call.requireString("experiment_id"));
    var name = call.requireString("name");
    return db.inTransaction(tx -> {
      active(tx, experimentId);
      var found = ScorerStore.versions(tx, experimentId, name);
      if (found.isEmpty()) {
        throw none(experimentId, name, null);
      }
      return found;
    });
  }

  private static MlflowError none(long experimentId, String name, @Nullable Long version) {
    return MlflowError.notFound(
        "Scorer with name '"
            + name
            + "'"
            + (version == null ? "" : " and version " + version)
            + " not found for experiment "
            + experimentId
            + ".");
  }

  private Object versions(Call call) {
    return Scorers.of(found(call));
  }

  private Object get(Call call) {
    var version = call.integer("version");
    var found = found(call);
    return new Found(
        Scorer.of(
            version == null
                ? found.getLast()
                : found.stream()
                    .filter(each -> each.version() == version)
                    .findFirst()
                    .orElseThrow(() ->
                        none(found.getFirst().experimentId(), found.getFirst().name(), version))));
  }

  private @Nullable Object delete(Call call) {
    long experimentId = Rules.experimentId(call.requireString("experiment_id"));
    var name = call.requireString("name");
    var version = call.integer("version");
    db.useTransaction(tx -> {
      active(tx, experimentId);
      if (!ScorerStore.delete(
          tx,
          experimentId,
          name,
          version == null ? null : Math.clamp(version, 0, Integer.MAX_VALUE))) {
        throw none(experimentId, name, version);
      }
    });
    return null;
  }
}

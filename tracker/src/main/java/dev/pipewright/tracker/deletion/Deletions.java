package dev.pipewright.tracker.deletion;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Expiry;
import dev.pipewright.tracker.run.ExperimentStore;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.webhook.WebhookStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/// Deletes and restores, and deletes for good: in small transactions, so that a large experiment
/// neither holds locks for long nor has to go at once. One that is interrupted is gone on with by
/// the next call.
@ApplicationScoped
class Deletions implements Expiry {
  private static final int BATCH = 100;

  private final Db db;
  private final DeletionStore store;
  private final RunStore runs;
  private final WebhookStore webhooks;

  Deletions(Db db, DeletionStore store, RunStore runs, WebhookStore webhooks) {
    this.db = db;
    this.store = store;
    this.runs = runs;
    this.webhooks = webhooks;
  }

  /// @param deleted false to restore it
  void setRunDeleted(String id, boolean deleted) {
    db.useTransaction(tx -> {
      var run = DeletionStore.run(tx, id).orElseThrow(() -> noRun(id));
      runs.setDeleted(tx, run.number(), deleted);
      if (deleted && !run.deleted()) {
        webhooks.emitRuns(tx, "DELETED", List.of(id));
      }
    });
  }

  void deleteRunForGood(String id) {
    db.useTransaction(tx -> {
      var run = DeletionStore.run(tx, id).orElseThrow(() -> noRun(id));
      DeletionStore.neededBy(tx, id, null).ifPresent(version -> refuse("run " + id, version));
      if (!run.deleted()) {
        webhooks.emitRuns(tx, "DELETED", List.of(id));
      }
      DeletionStore.deleteRuns(tx, List.of(id));
    });
  }

  void setExperimentDeleted(long id, boolean deleted) {
    db.useTransaction(tx -> {
      var experiment = experiment(tx, id);
      if (experiment.deleted() != deleted) {
        ExperimentStore.setDeleted(tx, id, deleted);
        webhooks.emitExperiment(tx, deleted ? "DELETED" : "UPDATED", id);
      }
    });
  }

  void deleteExperimentForGood(long id) {
    if (id == ExperimentStore.DEFAULT) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "The experiment 0 cannot be deleted for good: runs that name no experiment are in it.",
          "Delete its runs.");
    }
    db.useTransaction(tx -> {
      experiment(tx, id);
      DeletionStore.neededBy(tx, null, id)
          .ifPresent(version -> refuse("experiment " + id, version));
    });
    // Nothing is added to a deleted experiment meanwhile.
    setExperimentDeleted(id, true);
    deleteContents(id);
    db.useTransaction(tx -> DeletionStore.deleteExperiment(tx, id));
  }

  private void deleteContents(long experiment) {
    all(
        () -> store.runsOf(experiment, BATCH),
        ids -> db.useTransaction(tx -> DeletionStore.deleteRuns(tx, ids)));
    all(
        () -> store.modelsOf(experiment, BATCH),
        ids -> db.useTransaction(tx -> DeletionStore.deleteModels(tx, ids)));
  }

  private static long all(Supplier<List<String>> next, Consumer<List<String>> delete) {
    long count = 0;
    for (var ids = next.get(); !ids.isEmpty(); ids = next.get()) {
      delete.accept(ids);
      count += ids.size();
    }
    return count;
  }

  @Override
  public Map<String, Long> deleteForGood(Duration age, boolean dryRun) {
    if (dryRun) {
      return Map.of(
          "experiments", (long) store.expiredExperiments(age, Integer.MAX_VALUE).size(),
          "models", (long) store.expiredModels(age, Integer.MAX_VALUE).size(),
          "runs", (long) store.expiredRuns(age, Integer.MAX_VALUE).size());
    }
    long models =
        all(
            () -> store.expiredModels(age, BATCH),
            ids -> db.useTransaction(tx -> DeletionStore.deleteModels(tx, ids)));
    long deletedRuns =
        all(
            () -> store.expiredRuns(age, BATCH),
            ids -> db.useTransaction(tx -> DeletionStore.deleteRuns(tx, ids)));
    long experiments =
        all(
            () -> store.expiredExperiments(age, BATCH),
            ids ->
                ids.forEach(id -> {
                  deleteContents(Long.parseLong(id));
                  db.useTransaction(tx -> DeletionStore.deleteExperiment(tx, Long.parseLong(id)));
                }));
    return Map.of("experiments", experiments, "models", models, "runs", deletedRuns);
  }

  private static DeletionStore.Target experiment(Handle tx, long id) {
    return DeletionStore.experiment(tx, id)
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.EXPERIMENT_NOT_FOUND, "There is no experiment " + id + "."));
  }

  private static ProblemException noRun(String id) {
    return new ProblemException(ProblemCode.RUN_NOT_FOUND, "There is no run " + id + ".");
  }

  private static void refuse(String what, String version) {
    throw new ProblemException(
        ProblemCode.RUN_IN_USE,
        "The "
            + what
            + " cannot be deleted for good: the registered model "
            + version
            + " was made of it.",
        "Delete that version first.");
  }
}

package dev.pipewright.orchestrator.retention;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PruneOutcome;
import dev.pipewright.language.Retention;
import dev.pipewright.orchestrator.pipeline.PipelineVersions;
import dev.pipewright.orchestrator.run.RunsDeleted;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Locale;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Deletes the runs that have ended and that neither their pipeline's newest version nor the
/// server's default keeps: in small transactions, so that nobody waits for it. One that is
/// interrupted is gone on with by the next.
@ApplicationScoped
class Pruning {
  private static final Logger LOG = Logger.getLogger(Pruning.class);
  private static final int BATCH = 100;
  private static final int MOST = 2_000;

  private final RetentionStore store;
  private final PipelineVersions pipelines;
  private final RetentionConfig config;
  private final Event<RunsDeleted> deleted;
  private final Clock clock;

  Pruning(
      RetentionStore store,
      PipelineVersions pipelines,
      RetentionConfig config,
      Event<RunsDeleted> deleted,
      Clock clock) {
    this.store = store;
    this.pipelines = pipelines;
    this.config = config;
    this.deleted = deleted;
    this.clock = clock;
  }

  /// @param dryRun whether to say only what would go
  PruneOutcome prune(boolean dryRun) {
    var entries = new ArrayList<PruneOutcome.Entry>();
    int left = MOST;
    for (var pipeline : store.pipelines()) {
      var rule = rule(pipeline);
      if (rule == null || left <= 0) {
        continue;
      }
      var found = store.find(pipeline, rule, clock.instant());
      if (found.runs() == 0) {
        continue;
      }
      long runs = found.runs();
      if (!dryRun) {
        int gone = delete(pipeline, rule, left);
        left -= gone;
        runs = gone;
      }
      if (runs > 0) {
        entries.add(
            new PruneOutcome.Entry(pipeline, words(rule), runs, found.first(), found.last()));
      }
    }
    if (left < MOST) {
      deleted.fire(new RunsDeleted(MOST - left));
    }
    return new PruneOutcome(dryRun, entries, left <= 0);
  }

  private int delete(String pipeline, Retention rule, int most) {
    int gone = 0;
    int now = BATCH;
    while (now == BATCH && gone < most) {
      now = store.delete(pipeline, rule, clock.instant(), Math.min(BATCH, most - gone));
      gone += now;
    }
    return gone;
  }

  /// Null where everything is kept.
  private @Nullable Retention rule(String pipeline) {
    try {
      var own = pipelines.version(pipeline, null).spec().retention();
      return own != null
          ? own
          : config.runsOlderThan().map(age -> new Retention(null, age)).orElse(null);
    } catch (ProblemException e) {
      // Stored when the rules of the language were others. What it wants kept is not known.
      LOG.warnf("the runs of pipeline %s are kept: %s", pipeline, e.getMessage());
      return null;
    }
  }

  private static String words(Retention rule) {
    var last = rule.keepLast() == null ? null : "the last " + rule.keepLast();
    var age =
        rule.olderThan() == null ? null : "what ended less than " + span(rule.olderThan()) + " ago";
    return "keeps " + (last == null ? age : age == null ? last : last + ", and " + age);
  }

  private static String span(Duration age) {
    return age.equals(Duration.ofDays(age.toDays()))
        ? age.toDays() + "d"
        : age.toString().substring(2).toLowerCase(Locale.ROOT);
  }
}

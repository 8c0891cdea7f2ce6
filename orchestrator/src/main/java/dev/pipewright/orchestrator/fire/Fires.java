package dev.pipewright.orchestrator.fire;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.language.Params;
import dev.pipewright.orchestrator.fire.FireStore.Due;
import dev.pipewright.orchestrator.fire.FireStore.Settled;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.orchestrator.run.RunStarter;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Starts the runs of occasions that are due. An occasion is claimed for a while, its run is
/// started under the occasion's key, and what came of it is noted; whoever takes an occasion up
/// again after a crash is answered with the same run.
@ApplicationScoped
public class Fires {
  private static final Logger LOG = Logger.getLogger(Fires.class);
  public static final String CANCELLED = "The backfill was cancelled.";
  public static final Duration LEASE = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration KEPT = Duration.ofDays(30);
  private static final Duration CLEAN_EVERY = Duration.ofHours(1);
  private static final int AT_ONCE = 50;
  private static final int DELETED_AT_ONCE = 10_000;

  private final FireStore store;
  private final RunStarter starter;
  private final RunLoop runs;
  private final PipelineStore pipelines;
  private final Clock clock;
  private @Nullable Loop starting;
  private @Nullable Loop cleaning;

  Fires(FireStore store, RunStarter starter, RunLoop runs, PipelineStore pipelines, Clock clock) {
    this.store = store;
    this.starter = starter;
    this.runs = runs;
    this.pipelines = pipelines;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent event) {
    starting = Loop.start("fires", LOOK, this::step);
    cleaning = Loop.start("fire-cleaning", CLEAN_EVERY, this::clean);
  }

  void onStop(@Observes ShutdownEvent event) {
    for (var loop : new @Nullable Loop[] {starting, cleaning}) {
      if (loop != null) {
        loop.close();
      }
    }
  }

  /// Looks for due occasions at once.
  public void wake() {
    if (starting != null) {
      starting.wake();
    }
  }

  private boolean clean() {
    return store.deleteOld(clock.instant().minus(KEPT), DELETED_AT_ONCE) == DELETED_AT_ONCE;
  }

  private boolean step() {
    var claimed = store.claim(clock.instant(), AT_ONCE, LEASE);
    for (var due : claimed) {
      try {
        start(due);
      } catch (RuntimeException e) {
        if (Db.isTransient(e)) {
          throw e;
        }
        // One that cannot be started must not hold up the others; it comes again.
        LOG.errorf(e, "the start %s failed; it is tried again", due.key());
      }
    }
    return claimed.size() == AT_ONCE;
  }

  /// Starts the run of an occasion that the caller holds.
  ///
  /// @return null when it is held back
  public @Nullable Settled start(Due due) {
    var settled = settle(due);
    if (settled == null) {
      store.holdBack(due.number(), Objects.requireNonNull(due.backfill()), clock.instant());
    } else {
      boolean cancelled = store.settle(due, settled, clock.instant());
      if (cancelled && settled.run() != null) {
        runs.look(settled.run());
      }
    }
    return settled;
  }

  private @Nullable Settled settle(Due due) {
    // Whoever had it before may have started its run and vanished. That run is one of those under
    // way
    // that the pipeline's concurrency counts, so asking for it again is no way to find out.
    var before = store.runOf(due.key());
    if (before.isPresent()) {
      return Settled.started(before.get());
    }
    var deadline = due.deadlineAt();
    if (deadline != null && clock.instant().isAfter(deadline)) {
      return Settled.skipped("It was too late: the start deadline passed at " + deadline + ".");
    }
    var wanted = Wanted.of(due.wanted());
    try {
      var outcome =
          starter.start(
              new RunStarter.Request(
                  wanted.pipeline(),
                  wanted.version(),
                  wanted.params(),
                  wanted.priority(),
                  due.schedule() == null && due.backfill() == null ? null : due.time(),
                  wanted.origin(),
                  due.key()));
      return Settled.started(outcome.run());
    } catch (ProblemException e) {
      var problem = e.problem();
      if (problem.status() >= 500) {
        throw e;
      }
      boolean full = problem.code().equals(ProblemCode.RUN_FORBIDDEN.name());
      return full && due.backfill() != null ? null : Settled.refused(problem);
    }
  }

  /// Checks that a pipeline is there and that these params are its params. Those that are not known
  /// yet are checked by their names only.
  ///
  /// @param params checked mappings by name
  /// @param variables an example of what expressions name; null when there is none
  public void check(
      Fields fields,
      String pipeline,
      @Nullable Integer version,
      Map<String, Mapping.Checked> params,
      @Nullable Map<String, Object> variables) {
    if (pipeline.isEmpty()) {
      return;
    }
    try {
      var spec = pipelines.version(pipeline, version).spec();
      if (!fields.errors().isEmpty()) {
        // What stands for a param that is wrong itself would only be wrong again.
        return;
      }
      Params.resolve(spec, Examples.of(params, variables, spec, fields.errors()));
    } catch (ProblemException e) {
      var problem = e.problem();
      if (problem.errors().isEmpty()) {
        fields.error(
            problem.code(),
            problem.code().equals(ProblemCode.PIPELINE_NOT_FOUND.name()) && version != null
                ? "version"
                : "pipeline",
            problem.detail().replaceFirst("\\.$", ""),
            problem.remedy());
      } else {
        for (Problem.Violation error : problem.errors()) {
          if (fields.errors().stream().noneMatch(known -> sameAt(known, error))) {
            fields.errors().add(error);
          }
        }
      }
    }
  }

  private static boolean sameAt(Problem.Violation known, Problem.Violation error) {
    return known.path() != null && known.path().equals(error.path());
  }
}

package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.Explanation;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRun.Task;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskOrder;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.orchestrator.pool.PoolStore;
import dev.pipewright.orchestrator.pool.PoolStore.Want;
import dev.pipewright.tune.TrialState;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Says in words why something waits, was skipped, is tried again or failed.
@ApplicationScoped
class RunExplanations {
  private static final int MOST_NAMES = 10;

  private final AttemptStore attempts;
  private final RunReadStore reads;
  private final TaskReadStore tasks;
  private final PoolStore pools;
  private final FastLane lane;
  private final Clock clock;

  RunExplanations(
      AttemptStore attempts,
      RunReadStore reads,
      TaskReadStore tasks,
      PoolStore pools,
      FastLane lane,
      Clock clock) {
    this.attempts = attempts;
    this.reads = reads;
    this.tasks = tasks;
    this.pools = pools;
    this.lane = lane;
    this.clock = clock;
  }

  Explanation ofRun(UUID id) {
    var run = reads.view(id);
    var reasons = new ArrayList<String>();
    if (run.message() != null) {
      reasons.add(sentence(run.message()));
    }
    switch (run.state()) {
      case QUEUED -> {
        int running = reads.running(run.pipeline());
        reasons.add(
            "It waits: %d %s of pipeline '%s' %s under way, as many as the pipeline allows."
                .formatted(
                    running,
                    running == 1 ? "run" : "runs",
                    run.pipeline(),
                    running == 1 ? "is" : "are"));
      }
      case RUNNING -> {
        if (run.paused()) {
          reasons.add("It is paused: what runs goes on, and nothing new starts.");
        }
        tell(run, TaskState.RUNNING, "%s running.", reasons);
        tell(run, TaskState.WAITING, "%s waiting for a person.", reasons);
        tell(run, TaskState.RETRYING, "%s waiting for another attempt.", reasons);
        tell(run, TaskState.READY, "%s waiting for room.", reasons);
        waits(id, null, reasons);
        var obstacle = lane.obstacle();
        if (obstacle != null) {
          reasons.add(obstacle);
        }
      }
      case FAILED, CANCELLED ->
          first(run, TaskState.FAILED, false).stream()
              .filter(task -> task.group() == null)
              .forEach(task -> reasons.add(failed(task)));
      case SUCCEEDED -> {}
    }
    return new Explanation("run #" + run.number(), run.state().name(), reasons);
  }

  /// One sentence about the tasks in a state, those left out that stand for their instances.
  private void tell(PipelineRun run, TaskState state, String sentence, List<String> reasons) {
    int count = run.counts().getOrDefault(state, 0);
    if (count == 0) {
      return;
    }
    var names =
        first(run, state, true).stream()
            .map(task -> "'" + task.name() + "'")
            .collect(Collectors.joining(", "));
    var rest = count > MOST_NAMES ? " and " + (count - MOST_NAMES) + " more" : "";
    reasons.add(
        sentence.formatted(
            count == 1 ? "Task " + names + " is" : "Tasks " + names + rest + " are"));
  }

  private List<Task> first(PipelineRun run, TaskState state, boolean leaves) {
    var filter =
        new TaskReadStore.Filter(null, Set.of(state), null, null, leaves, TaskOrder.DOCUMENT);
    return tasks.page(UUID.fromString(run.id()), filter, MOST_NAMES, null).items();
  }

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, NOT_FOUND
  Explanation ofTask(UUID id, String name) {
    var run = reads.declared(id);
    var declared = new HashMap<String, Task>();
    run.tasks().forEach(task -> declared.put(task.name(), task));
    var task = declared.containsKey(name) ? declared.get(name) : tasks.get(id, name);
    var reasons = new ArrayList<String>();
    switch (task.state()) {
      case PENDING -> pending(run, task, declared, reasons);
      case READY -> ready(run, task, reasons);
      case WAITING -> {
        reasons.add("It waits for a person: " + sentence(task.reason()));
        due(task, "Without an answer it ends", reasons);
      }
      case RETRYING -> {
        reasons.add(sentence(task.reason()));
        due(task, "The next attempt is due", reasons);
      }
      case RUNNING -> running(run, task, reasons);
      case SUCCEEDED -> {
        if (task.reason() != null) {
          reasons.add(sentence(task.reason()));
        }
      }
      case FAILED -> reasons.add(failed(task));
      case CANCELLED -> reasons.add(sentence(task.reason()));
      case SKIPPED, UPSTREAM_FAILED -> chain(task, declared, reasons);
      case PRUNED -> reasons.add("It was " + sentence(task.reason()));
    }
    attempts(task, reasons);
    return new Explanation("task '" + name + "'", task.state().name(), reasons);
  }

  private static void pending(
      PipelineRun run, Task task, Map<String, Task> tasks, List<String> reasons) {
    if (run.state() == RunState.QUEUED) {
      reasons.add("Its run has not begun.");
    }
    if (task.trial() != null && task.trial().state().equals(TrialState.PAUSED.name())) {
      reasons.add(
          "It is %s It goes on once it is among the best that came so far."
              .formatted(sentence(task.reason())));
      return;
    }
    if (task.group() != null) {
      reasons.add("It waits for its turn: task '" + task.group() + "' runs a few at once only.");
      return;
    }
    var open = task.needs().stream().filter(need -> !tasks.get(need).state().isTerminal()).toList();
    for (var need : open.subList(0, Math.min(MOST_NAMES, open.size()))) {
      reasons.add("It waits for task '%s', which is %s.".formatted(need, tasks.get(need).state()));
    }
    if (open.size() > MOST_NAMES) {
      reasons.add("It waits for %d tasks more.".formatted(open.size() - MOST_NAMES));
    }
    if (open.isEmpty() && run.state() == RunState.RUNNING) {
      reasons.add("It runs when all other tasks have ended.");
    }
  }

  private void ready(PipelineRun run, Task task, List<String> reasons) {
    if (run.paused()) {
      reasons.add("The run is paused.");
      return;
    }
    if (task.attempts().isEmpty()) {
      reasons.add("It is about to start.");
      return;
    }
    var attempt = task.attempts().getLast();
    if (attempt.state() != AttemptState.QUEUED) {
      reasons.add("Attempt %d is being launched.".formatted(attempt.number()));
    } else if (lane.obstacle() instanceof String obstacle) {
      reasons.add(obstacle);
    } else if (!waits(UUID.fromString(run.id()), task, reasons)) {
      long ahead = attempts.before(UUID.fromString(attempt.id()));
      reasons.add(
          ahead == 0
              ? "It waits for room, and is the next to have it."
              : "It waits for room; %d %s before it.".formatted(ahead, ahead == 1 ? "is" : "are"));
    }
    due(task, "It fails if it has not started by then", reasons);
  }

  /// Says which pools keep it back, and by whom they are taken.
  ///
  /// @param task null for all of the run
  /// @return whether any does
  private boolean waits(UUID run, @Nullable Task task, List<String> reasons) {
    boolean waits = false;
    var who = task == null ? "A task" : "It";
    for (var want : pools.wants(run, task == null ? null : task.name())) {
      if (!want.lacks()) {
        continue;
      }
      waits = true;
      var slots = want.slots();
      if (slots == null) {
        reasons.add(
            "%s waits for pool '%s', which is not there. Make it: pipewright pools set %s %d"
                .formatted(who, want.pool(), want.pool(), want.share()));
      } else if (want.share() > slots) {
        reasons.add(
            "%s can never start: it takes %d of pool '%s', which has %d. Enlarge it: pipewright pools set %s %d"
                .formatted(who, want.share(), want.pool(), slots, want.pool(), want.share()));
      } else {
        reasons.add(
            "%s waits for pool '%s', of which it takes %d: %s%s."
                .formatted(who, want.pool(), want.share(), taken(want), ahead(want)));
      }
    }
    return waits;
  }

  private String taken(Want want) {
    if (want.taken() == 0) {
      return "none of its %d slots is taken".formatted(want.slots());
    }
    var holders = pools.holders(want.pool(), MOST_NAMES + 1);
    return "%d of %d slots are taken, by %s"
        .formatted(
            want.taken(),
            want.slots(),
            holders.stream()
                    .limit(MOST_NAMES)
                    .map(holder ->
                        "'%s' of run #%d (%d)"
                            .formatted(holder.task(), holder.run(), holder.share()))
                    .collect(Collectors.joining(", "))
                + (holders.size() > MOST_NAMES ? " and more" : ""));
  }

  private static String ahead(Want want) {
    return want.waitersAhead() == 0
        ? ""
        : "; %d %s before it"
            .formatted(want.waitersAhead(), want.waitersAhead() == 1 ? "is" : "are");
  }

  private void running(PipelineRun run, Task task, List<String> reasons) {
    var instances =
        run.groups().stream().filter(group -> group.name().equals(task.name())).findFirst();
    if (instances.isPresent()) {
      var counts = instances.get().counts();
      reasons.add(
          "Of its %d instances %s."
              .formatted(
                  counts.values().stream().mapToInt(count -> count).sum(),
                  counts.entrySet().stream()
                      .sorted(Map.Entry.comparingByKey())
                      .map(entry -> entry.getValue() + " are " + entry.getKey())
                      .collect(Collectors.joining(", "))));
      return;
    }
    if (!task.attempts().isEmpty()) {
      var attempt = task.attempts().getLast();
      reasons.add(
          "Attempt %d runs%s."
              .formatted(
                  attempt.number(),
                  attempt.startedAt() == null ? "" : " for " + since(attempt.startedAt())));
    }
  }

  /// From what is nearest to what began it.
  private static void chain(Task task, Map<String, Task> tasks, List<String> reasons) {
    var seen = new HashSet<String>();
    @Nullable Task at = task;
    while (at != null && seen.add(at.name())) {
      var name = at.name();
      reasons.add(
          (at.equals(task) ? "" : "Task '" + name + "': ")
              + (at.state() == TaskState.FAILED ? failed(at) : sentence(at.reason())));
      at =
          at.state() == TaskState.FAILED || at.state() == TaskState.CANCELLED
              ? null
              : at.needs().stream()
                  .map(tasks::get)
                  .filter(need -> need.state() != TaskState.SUCCEEDED)
                  .findFirst()
                  .orElse(null);
    }
  }

  private static void attempts(Task task, List<String> reasons) {
    if (task.attempts().size() < 2) {
      return;
    }
    for (var attempt : task.attempts()) {
      if (attempt.state() == AttemptState.FAILED) {
        reasons.add(
            "Attempt %d failed%s: %s"
                .formatted(
                    attempt.number(),
                    attempt.failure() == FailureKind.SYSTEM
                        ? " by the system's fault, which uses up no retry of the user's"
                        : "",
                    sentence(
                        (attempt.code() == null ? "" : attempt.code() + ": ")
                            + (attempt.message() == null
                                ? "no reason given"
                                : attempt.message()))));
      }
    }
  }

  private static String failed(Task task) {
    return "Task '%s' failed: %s".formatted(task.name(), sentence(task.reason()));
  }

  private static void due(Task task, String what, List<String> reasons) {
    if (task.dueAt() != null) {
      reasons.add(what + ": " + task.dueAt() + ".");
    }
  }

  private String since(Instant at) {
    long seconds = Math.max(0, Duration.between(at, clock.instant()).toSeconds());
    return seconds < 120 ? seconds + " s" : seconds / 60 + " min";
  }

  private static String sentence(@Nullable String text) {
    if (text == null || text.isBlank()) {
      return "no reason is known.";
    }
    var stripped = text.strip();
    return stripped.endsWith(".") ? stripped : stripped + ".";
  }
}

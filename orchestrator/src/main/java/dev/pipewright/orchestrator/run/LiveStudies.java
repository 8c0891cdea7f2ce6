package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.TaskStudy;
import dev.pipewright.orchestrator.run.RunSnapshot.Measured;
import dev.pipewright.orchestrator.run.RunSnapshot.TrialMark;
import dev.pipewright.tune.Study;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import dev.pipewright.tune.Verdict;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The trials of a study that is a task. Each is an instance of the task, made when its turn comes
/// and stored with its params, its mark and its points, so nothing is kept of the study itself:
/// what it proposes and decides next follows from its instances alone, whoever loads them. A server
/// that is killed loses no trial and makes none twice.
///
/// What a trial logs of the study's metric is judged as it comes. One that is paused is an instance
/// that waits for its turn again, and goes on from its checkpoint when it is let past its rung; one
/// that is stopped early has ended, without having failed.
final class LiveStudies {
  private static final String PARAMS = "params";

  /// How many trials had ended when this one was made, which samplers need to know.
  private static final String ASKED = "asked";

  /// Which of Hyperband's brackets it belongs to.
  private static final String BRACKET = "bracket";

  private static final MathContext DIGITS = new MathContext(6);

  private final LiveState live;
  private final LiveAttempts attempts;

  /// By the task that is the study. Worked out of the instances, and of them again after a retry.
  private final Map<LiveTask, Study> studies = new HashMap<>();

  LiveStudies(LiveState live, LiveAttempts attempts) {
    this.live = live;
    this.attempts = attempts;
  }

  /// What expressions see as `trial`.
  static Map<String, JsonNode> trial(LiveTask instance) {
    var trial = new HashMap<String, JsonNode>();
    trial.put("number", Json.MAPPER.getNodeFactory().numberNode((long) instance.index));
    trial.put(PARAMS, Objects.requireNonNull(instance.item).path(PARAMS));
    return trial;
  }

  /// `paused at step 9, where auc = 0.7`.
  static String where(String what, LiveTask instance) {
    var mark = instance.trial;
    return mark == null || mark.step() == null
        ? what
        : "%s at step %d, where %s = %s"
            .formatted(what, mark.step(), spec(instance).metric(), shown(mark.value()));
  }

  private static String shown(@Nullable Double value) {
    return value == null || !Double.isFinite(value)
        ? String.valueOf(value)
        : new BigDecimal(value).round(DIGITS).stripTrailingZeros().toString();
  }

  /// States were set back.
  void forget() {
    studies.clear();
  }

  // Making trials --------------------------------------------------------------------------------

  /// Lets as many trials go as there may be at once; ends the task where there is none left.
  void fill(LiveTask group) {
    int most = spec(group).parallel();
    group.active = active(group);
    for (var instance : List.copyOf(group.instances)) {
      if (group.active < most && instance.state == TaskState.PENDING && !isPaused(instance)) {
        // retried, or let past its rung before it had stopped
        begin(group, instance);
      }
    }
    while (group.active < most && live.tasks.size() < LiveGroups.MOST_TASKS) {
      var next = study(group).ask();
      if (next.isEmpty()) {
        break;
      }
      int number = next.get().number();
      if (number == group.instances.size()) {
        var instance = live.create(group, number, item(next.get().start()));
        mark(group, instance);
        begin(group, instance);
        // its params as they are stored may differ in their last bit: samplers see those
        studies.remove(group);
      } else {
        goOn(group, group.instances.get(number));
      }
    }
    if (group.active == 0) {
      finish(group);
    }
  }

  private static JsonNode item(TrialRecord trial) {
    var item = Json.MAPPER.getNodeFactory().objectNode();
    item.set(PARAMS, Json.MAPPER.valueToTree(trial.params()));
    item.put(ASKED, trial.asked());
    if (trial.bracket() > 0) {
      item.put(BRACKET, trial.bracket());
    }
    return item;
  }

  private static int active(LiveTask group) {
    return (int)
        group.instances.stream()
            .filter(instance -> instance.state != TaskState.PENDING && !instance.state.isTerminal())
            .count();
  }

  private static boolean isPaused(LiveTask instance) {
    return instance.trial != null && instance.trial.state() == TrialState.PAUSED;
  }

  private void begin(LiveTask group, LiveTask instance) {
    group.active++;
    attempts.ready(instance);
  }

  /// One that was paused; where it is still about to stop it begins when it has.
  private void goOn(LiveTask group, LiveTask instance) {
    mark(group, instance);
    if (instance.state == TaskState.PENDING) {
      begin(group, instance);
    }
  }

  // What trials say ------------------------------------------------------------------------------

  /// Takes in what a trial has logged. Only what is farther than what was known counts, so what is
  /// told twice, or by an attempt that was there before, changes nothing.
  void measured(Measured measured) {
    var instance = live.tasks.get(measured.task());
    var group = instance == null ? null : instance.group;
    if (instance == null
        || group == null
        || group.state != TaskState.RUNNING
        || instance.state == TaskState.PENDING
        || group.spec.study() == null
        || group.spec.study().metric() == null) {
      return;
    }
    for (var point : measured.points().entrySet()) {
      if (study(group).isNews(instance.index, point.getKey())
          && take(group, instance, point) != Verdict.GO_ON) {
        attempts.leave(instance);
        return;
      }
    }
  }

  private Verdict take(LiveTask group, LiveTask instance, Map.Entry<Long, Double> point) {
    long step = point.getKey();
    double value = point.getValue();
    var verdict = Verdict.GO_ON;
    switch (study(group).standing(instance.index).state()) {
      case RUNNING -> verdict = study(group).report(instance.index, step, value);
      case COMPLETE -> study(group).reportLate(instance.index, step, value);
      case WAITING, PAUSED, PRUNED, FAILED -> {
        return verdict;
      }
    }
    instance.points.put(step, value);
    live.changes.point(instance.name, step, value);
    mark(group, instance);
    return verdict;
  }

  /// Notes what the study makes of a trial.
  private void mark(LiveTask group, LiveTask instance) {
    var trial = study(group).standing(instance.index);
    var last = instance.points.lastEntry();
    var mark =
        new TrialMark(
            trial.state(),
            trial.rung(),
            trial.left(),
            last == null ? null : last.getKey(),
            last == null ? null : last.getValue());
    if (!mark.equals(instance.trial)) {
      instance.trial = mark;
      live.changes.touch(instance.name);
    }
  }

  // Ending ---------------------------------------------------------------------------------------

  /// A trial has ended, or has left until it is let past its rung.
  void trialEnded(LiveTask instance) {
    var group = Objects.requireNonNull(instance.group);
    tell(group, instance);
    var most = spec(group).maxFailed();
    if (most != null && failed(group) > most && !group.failing) {
      group.failing = true;
      for (var other : group.instances) {
        attempts.stop(other);
      }
    }
    if (!group.failing && !live.stopping(group)) {
      fill(group);
    } else if (active(group) == 0) {
      end(group);
    }
  }

  private void tell(LiveTask group, LiveTask instance) {
    var study = study(group);
    boolean over = study.standing(instance.index).state().ended();
    switch (instance.state) {
      case SUCCEEDED -> {
        var value = instance.outputs.get(spec(group).objective());
        study.tell(
            instance.index, value == null || !value.isNumber() ? Double.NaN : value.doubleValue());
      }
      case FAILED, CANCELLED -> {
        // one that was paused when the run was cancelled still is when that is retried
        if (!over && !(instance.state == TaskState.CANCELLED && isPaused(instance))) {
          study.fail(instance.index);
        }
      }
      case PENDING, WAITING, READY, RUNNING, RETRYING, SKIPPED, UPSTREAM_FAILED, PRUNED -> {}
    }
    mark(group, instance);
  }

  /// Nothing runs, and nothing is to be tried. Where no trial came to its end, the best of those
  /// that came farthest is to: somebody needs what it leaves behind.
  private void finish(LiveTask group) {
    var study = study(group);
    var best = study.best();
    if (best.isPresent() && best.get().state() == TrialState.PAUSED) {
      study.finish(best.get().number());
      goOn(group, group.instances.get(best.get().number()));
      return;
    }
    end(group);
  }

  private void end(LiveTask group) {
    for (var instance : group.instances) {
      if (instance.state == TaskState.PENDING) {
        var mark = instance.trial;
        if (mark != null) {
          instance.trial =
              new TrialMark(TrialState.PRUNED, mark.rung(), mark.left(), mark.step(), mark.value());
        }
        live.end(instance, TaskState.PRUNED, where("stopped early", instance));
      }
    }
    var study = spec(group);
    int all = group.instances.size();
    var best = study(group).best().filter(trial -> trial.state() == TrialState.COMPLETE);
    long pruned = count(group, TaskState.PRUNED);
    var early = pruned == 0 ? "" : ", %d were stopped early".formatted(pruned);
    if (group.failing) {
      live.end(
          group,
          TaskState.FAILED,
          "%d of %d trials failed, but only %d may"
              .formatted(failed(group), all, study.maxFailed()));
    } else if (live.stopping(group)) {
      live.cancel(group);
    } else if (best.isEmpty()) {
      live.end(
          group,
          TaskState.FAILED,
          "none of its %d trials left a number as '%s'%s".formatted(all, study.objective(), early));
    } else {
      var trial = best.get();
      var json = Json.MAPPER.getNodeFactory();
      var outputs = new LinkedHashMap<>(group.instances.get(trial.number()).outputs);
      outputs.put(TaskStudy.BEST, Json.MAPPER.valueToTree(trial.params()));
      outputs.put(TaskStudy.BEST_VALUE, json.numberNode(trial.values().getFirst()));
      outputs.put(TaskStudy.BEST_TRIAL, json.numberNode((long) trial.number()));
      live.succeed(
          group,
          outputs,
          "trial %d of %d is the best, with %s = %s%s"
              .formatted(trial.number(), all, study.objective(), trial.values().getFirst(), early));
    }
    studies.remove(group);
  }

  private static long failed(LiveTask group) {
    return count(group, TaskState.FAILED);
  }

  private static long count(LiveTask group, TaskState state) {
    return group.instances.stream().filter(instance -> instance.state == state).count();
  }

  // The study ------------------------------------------------------------------------------------

  private static TaskStudy spec(LiveTask task) {
    return Objects.requireNonNull(task.spec.study());
  }

  private Study study(LiveTask group) {
    return studies.computeIfAbsent(group, task -> Study.restore(spec(task).spec(), trials(task)));
  }

  /// Its instances as the study knows them.
  private static List<TrialRecord> trials(LiveTask group) {
    var objective = spec(group).objective();
    var trials = new ArrayList<TrialRecord>();
    int left = 0;
    for (var instance : group.instances) {
      var item = Objects.requireNonNull(instance.item);
      var mark = instance.trial;
      var value = instance.outputs.get(objective);
      boolean complete =
          instance.state == TaskState.SUCCEEDED
              && value != null
              && value.isNumber()
              && !Double.isNaN(value.doubleValue());
      var state =
          mark != null
              ? mark.state()
              : !instance.state.isTerminal()
                  ? TrialState.RUNNING
                  : complete ? TrialState.COMPLETE : TrialState.FAILED;
      if (mark == null && state.ended()) {
        // of an earlier version, which kept no marks
        left++;
      }
      trials.add(
          new TrialRecord(
              instance.index,
              state,
              TrialRecord.Origin.SAMPLED,
              Json.MAPPER.convertValue(
                  item.path(PARAMS), new TypeReference<LinkedHashMap<String, Object>>() {}),
              state == TrialState.COMPLETE && complete ? List.of(value.doubleValue()) : List.of(),
              instance.points,
              mark == null ? 0 : mark.rung(),
              item.path(BRACKET).asInt(),
              item.path(ASKED).asInt(),
              mark != null ? mark.left() : state.ended() ? left : 0));
    }
    return trials;
  }
}

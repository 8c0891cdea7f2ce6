package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.TaskStudy;
import dev.pipewright.tune.Study;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// The trials of a study that is a task. Each is an instance of the task, made when its turn comes
/// and stored with its params like any other instance, so nothing is kept of the study itself: what
/// it proposes next follows from its instances alone, whoever loads them. A server that is killed
/// loses no trial and makes none twice.
final class LiveStudies {
  private static final String PARAMS = "params";

  /// How many trials had ended when this one was made, which samplers need to know.
  private static final String ASKED = "asked";

  private final LiveState live;
  private final LiveAttempts attempts;

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

  /// Lets as many trials go as there may be at once; ends the task where there is none left.
  void fill(LiveTask group) {
    var study = study(group);
    for (var instance : List.copyOf(group.instances)) {
      if (group.active >= study.parallel()) {
        return;
      }
      if (instance.state == TaskState.PENDING) {
        // retried
        begin(group, instance);
      }
    }
    while (group.active < study.parallel() && live.tasks.size() < LiveGroups.MOST_TASKS) {
      var next = Study.restore(study.spec(), trials(group)).ask();
      if (next.isEmpty()) {
        break;
      }
      var item = Json.MAPPER.getNodeFactory().objectNode();
      item.set(PARAMS, Json.MAPPER.valueToTree(next.get().params()));
      item.put(ASKED, next.get().start().asked());
      begin(group, live.create(group, next.get().number(), item));
    }
    endWhereAllHave(group);
  }

  private void endWhereAllHave(LiveTask group) {
    if (group.succeeded + group.unsuccessful == group.instances.size()) {
      end(group);
    }
  }

  private void begin(LiveTask group, LiveTask instance) {
    group.active++;
    attempts.ready(instance);
  }

  void trialEnded(LiveTask group) {
    var most = study(group).maxFailed();
    if (most != null && failed(group) > most && !group.failing) {
      group.failing = true;
      for (var instance : group.instances) {
        attempts.stop(instance);
      }
    }
    if (group.failing || live.stopping(group)) {
      endWhereAllHave(group);
    } else {
      fill(group);
    }
  }

  private void end(LiveTask group) {
    var study = study(group);
    var best = Study.restore(study.spec(), trials(group)).best();
    if (group.failing) {
      live.end(
          group,
          TaskState.FAILED,
          "%d of %d trials failed, but only %d may"
              .formatted(failed(group), group.instances.size(), study.maxFailed()));
    } else if (live.stopping(group)) {
      live.cancel(group);
    } else if (best.isEmpty()) {
      live.end(
          group,
          TaskState.FAILED,
          "none of its %d trials left a number as '%s'"
              .formatted(group.instances.size(), study.objective()));
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
          "trial %d of %d is the best, with %s = %s"
              .formatted(
                  trial.number(),
                  group.instances.size(),
                  study.objective(),
                  trial.values().getFirst()));
    }
  }

  private static long failed(LiveTask group) {
    return group.instances.stream().filter(instance -> instance.state == TaskState.FAILED).count();
  }

  private static TaskStudy study(LiveTask group) {
    return Objects.requireNonNull(group.spec.study());
  }

  /// Its instances as the study knows them.
  private static List<TrialRecord> trials(LiveTask group) {
    var objective = study(group).objective();
    var trials = new ArrayList<TrialRecord>();
    int left = 0;
    for (var instance : group.instances) {
      var item = Objects.requireNonNull(instance.item);
      var value = instance.outputs.get(objective);
      boolean complete =
          instance.state == TaskState.SUCCEEDED
              && value != null
              && value.isNumber()
              && !Double.isNaN(value.doubleValue());
      boolean running = !instance.state.isTerminal();
      trials.add(
          new TrialRecord(
              instance.index,
              running ? TrialState.RUNNING : complete ? TrialState.COMPLETE : TrialState.FAILED,
              TrialRecord.Origin.SAMPLED,
              Json.MAPPER.convertValue(
                  item.path(PARAMS), new TypeReference<LinkedHashMap<String, Object>>() {}),
              complete ? List.of(value.doubleValue()) : List.of(),
              new TreeMap<>(),
              0,
              0,
              item.path(ASKED).asInt(),
              running ? 0 : ++left));
    }
    return trials;
  }
}

package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.task.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// One document a rule. `§` stands before what is wrong: there the error must be, and no other.
class RulesTest {
  /// @param text of a task, or of several lines of them, or a whole document
  record Rule(String text, String code, String message, String remedy) {
    @Override
    public String toString() {
      return code + ": " + text.strip().lines().findFirst().orElse("");
    }
  }

  private static final String PARAMS =
      """
      name: x
      params:
        n: { type: int, default: 1 }
        x: { type: double, default: 1 }
        s: { type: string, default: a }
        flag: { type: bool, default: true }
        j: { type: json, default: [] }
        data: { type: dataset }
      tasks:
      """;

  private static final String SPLIT =
      "split: { uses: pipewright/split@v1, with: { data: \"${{ params.data }}\", target: y } }\n";

  private static final String FIT =
      "fit: { command: [x], outputs: { score: { type: double }, model: { type: model } } }\n";

  private static final String BRANCH =
      "a: { command: [x], when: \"${{ params.flag }}\", outputs: { o: { type: int } } }\n"
          + "b: { command: [x], else: a }\n";

  static Stream<Rule> rules() {
    return Stream.of(
        // keys that do not go together
        task(
            "§t: { command: [x], pipeline: y }",
            "TASK_KIND",
            "the task 't' has both 'command' and 'pipeline'",
            "Give one"),
        task(
            "t: { command: [x], matrix: { a: [1] }, §loop: { until: \"${{ loop.iteration > 1 }}\" } }",
            "CONFLICTING_KEYS",
            "the task 't' has both 'matrix' and 'loop'",
            "a pipeline of its own"),
        task(
            "t: { command: [x], §maxParallel: 2 }",
            "CONFLICTING_KEYS",
            "'maxParallel' says something of a 'matrix', but there is none",
            "add a 'matrix'"),
        task(
            "t: { command: [x], §minSuccess: 0.5 }",
            "CONFLICTING_KEYS",
            "'minSuccess' says something of a 'matrix'",
            null),
        task(
            "t: { approval: { message: ok }, §matrix: { a: [1] } }",
            "UNKNOWN_KEY",
            "a task with 'approval' has no key 'matrix'",
            "The keys are approval, needs, trigger, when, else."),
        task(
            "t: { pipeline: shallow, §image: a }",
            "UNKNOWN_KEY",
            "a task that calls a pipeline has no key 'image'",
            null),
        task(
            "t: { pipeline: shallow, §cache: true }",
            "UNKNOWN_KEY",
            "a task that calls a pipeline has no key 'cache'",
            null),
        task(
            FIT
                + "r: { uses: pipewright/register@v1, with: { model: \"${{ tasks.fit.outputs.model }}\", name: m }, §cache: true }",
            "CONFLICTING_KEYS",
            "'r' does something beside its outputs, so it is never cached",
            "Remove 'cache'."),
        task(
            "t: { command: [x], outputs: { o: { type: int } }, impure: true, §cache: { maxAge: 1d } }",
            "CONFLICTING_KEYS",
            "never cached",
            null),
        task(
            "t: { command: [x], §cache: true }",
            "CONFLICTING_KEYS",
            "leaves no outputs that could be taken again",
            "Declare outputs"),
        document(
            "name: x\nconcurrency: { policy: allow, §limit: 2 }\ntasks:\n  a: { command: [x] }\n",
            "CONFLICTING_KEYS",
            "'limit' says nothing",
            "queue, forbid or replace"),
        document(
            "name: x\n§concurrency: { limit: 2 }\ntasks:\n  a: { command: [x] }\n",
            "MISSING_KEY",
            "'concurrency' has no policy",
            "one of allow, queue, forbid, replace"),
        document(
            "name: x\nconcurrency: { policy: §que }\ntasks:\n  a: { command: [x] }\n",
            "VALUE_INVALID",
            "there is no policy 'que'",
            "Did you mean 'queue'?"),
        document(
            "name: x\n§retention: {}\ntasks:\n  a: { command: [x] }\n",
            "MISSING_KEY",
            "'retention' does not say what is kept",
            "Add 'keepLast: 50', 'olderThan: 30d', or both."),
        document(
            "name: x\nretention: { keepLast: §0 }\ntasks:\n  a: { command: [x] }\n",
            "VALUE_INVALID",
            "'keepLast' is the number 0",
            null),
        document(
            "name: x\nretention: { olderThan: §P30D }\ntasks:\n  a: { command: [x] }\n",
            "VALUE_INVALID",
            "'olderThan' is not a duration",
            "up to 366d"),
        document(
            "name: x\npriority: §1001\ntasks:\n  a: { command: [x] }\n",
            "VALUE_INVALID",
            "'priority' is the number 1001",
            "from -1,000 to 1,000"),
        document(
            "name: x\ntimeout: §400d\ntasks:\n  a: { command: [x] }\n",
            "VALUE_INVALID",
            "'timeout' is not a duration",
            "up to 366d"),
        // outputs of the pipeline
        document(
            "name: x\noutputs: { o: §5 }\ntasks:\n  a: { command: [x] }\n",
            "EXPRESSION_INVALID",
            "'o' is not an expression",
            "${{ … }}"),
        document(
            "name: x\noutputs: { o: \"${{ §tasks.a.outputs.y }}\" }\ntasks:\n  a: { command: [x] }\n",
            "UNKNOWN_OUTPUT",
            "the task 'a' has no output 'y'",
            "Its outputs are none."),
        document(
            "name: x\noutputs: { §o-o: \"${{ run.id }}\" }\ntasks:\n  a: { command: [x] }\n",
            "NAME_INVALID",
            "'o-o' cannot be the name of an output",
            null),
        // triggers and branches
        task(
            "t: { command: [x], trigger: §all-success }",
            "VALUE_INVALID",
            "there is no trigger 'all-success'",
            "Did you mean 'all-succeeded'?"),
        task(
            "a: { command: [x] }\nb: { command: [x], else: §a }",
            "ELSE_WITHOUT_WHEN",
            "the task 'a' has no 'when' that could be false",
            "Give it a 'when'"),
        task(
            "fit: { command: [x] }\nb: { command: [x], else: §fitt }",
            "UNKNOWN_TASK",
            "there is no task 'fitt'",
            "Did you mean 'fit'?"),
        task(
            "b: { command: [x], when: \"${{ params.flag }}\", else: §b }",
            "SELF_REFERENCE",
            "the task 'b' needs itself",
            null),
        task(
            BRANCH + "c: { command: [x], else: a, inputs: { i: §\"${{ tasks.a.outputs.o }}\" } }",
            "UNREACHABLE_OUTPUT",
            "'a' was skipped when 'c' runs, so it has no outputs",
            null),
        task(
            "§a: { command: [x], when: \"${{ params.flag }}\", else: b }\n"
                + "b: { command: [x], when: \"${{ params.flag }}\", else: a }",
            "CYCLE",
            "a → b → a",
            null),
        // what can never run
        task(
            "§a: { command: [x], when: \"${{ false }}\" }",
            "UNREACHABLE_TASK",
            "the task 'a' can never run: its condition is false whatever the params",
            null),
        task(
            "§a: { command: [x], when: \"${{ 1 > 2 || 'a' == 'b' }}\" }",
            "UNREACHABLE_TASK",
            "false whatever the params",
            null),
        task(
            "a: { command: [x], when: \"${{ true }}\" }\n§b: { command: [x], else: a }",
            "UNREACHABLE_TASK",
            "the condition of 'a' is true whatever the params",
            null),
        task(
            BRANCH + "§join: { command: [x], needs: [a, b] }",
            "UNREACHABLE_TASK",
            "it needs 'a' and 'b', but only one of them runs: it depends on the condition of 'a'",
            "trigger: any-succeeded"),
        task(
            BRANCH
                + "c: { command: [x], needs: [a] }\nd: { command: [x], needs: [b] }\n"
                + "§join: { command: [x], needs: [c, d] }\nend: { command: [x], needs: [join] }",
            "UNREACHABLE_TASK",
            "it needs 'c' and 'd', but only one of them runs",
            null),
        task(
            BRANCH + "§c: { command: [x], else: a, needs: [d] }\nd: { command: [x], needs: [a] }",
            "UNREACHABLE_TASK",
            "it needs 'd' and 'a' to be skipped",
            null),
        // finally
        document(
            "name: x\ntasks:\n  a: { command: [x], needs: [§b] }\nfinally:\n  b: { command: [x] }\n",
            "NEEDS_FINALLY",
            "the task 'b' runs after 'a'",
            "Move 'b' under 'tasks'"),
        document(
            "name: x\ntasks:\n  a: { command: [x] }\nfinally:\n  §a: { command: [x] }\n",
            "DUPLICATE_KEY",
            "the task 'a' is there already, in line 3",
            null),
        document(
            "name: x\ntasks:\n  a: { command: [x] }\nfinally:\n  b: { command: [x], §matrix: { a: [1] } }\n",
            "CONFLICTING_KEYS",
            "a task of 'finally' cannot have a 'matrix'",
            null),
        document(
            "name: x\ntasks:\n  a: { command: [x] }\nfinally: §[b]\n",
            "WRONG_TYPE",
            "'finally' must be a map",
            null),
        // the run
        task(
            "t: { command: [x], inputs: { i: \"${{ §run.status }}\" } }",
            "NOT_AVAILABLE_HERE",
            "'run.status' is not known before all tasks have ended",
            "under 'finally'"),
        task(
            "t: { command: [x], when: \"${{ size(§run.failed) > 0 }}\" }",
            "NOT_AVAILABLE_HERE",
            "'run.failed' is not known",
            null),
        task(
            "t: { command: [x], inputs: { i: \"${{ §run.nmber }}\" } }",
            "UNKNOWN_FIELD",
            "'run' has no 'nmber'",
            "Did you mean 'number'?"),
        task(
            "t: { command: [x], inputs: { i: \"${{ size(§run) }}\" } }",
            "EXPRESSION_INVALID",
            "'run' cannot be used as a whole",
            "run.<name>"),
        task(
            "t: { command: [x], when: \"§${{ run.number }}\" }",
            "TYPE_MISMATCH",
            "'when' must be a bool, but run.number gives an int",
            null),
        task(
            "t: { command: [x], when: \"${{ §parms.flag }}\" }",
            "EXPRESSION_INVALID",
            "undeclared reference to 'parms'",
            "Did you mean 'params'?"),
        task(
            "t: { command: [x], when: \"${{ §secrets.x == 1 }}\" }",
            "EXPRESSION_INVALID",
            "undeclared reference to 'secrets'",
            "There is params.<param>, tasks.<task>.outputs.<output> and run.<field>"),
        // matrix
        task(
            "t: { command: [x], inputs: { i: \"${{ §matrix.a }}\" } }",
            "NOT_AVAILABLE_HERE",
            "'matrix' has no meaning here",
            "a task with a 'matrix'"),
        task(
            "t: { command: [x], when: \"${{ §matrix.a == 1 }}\", matrix: { a: [1, 2] } }",
            "NOT_AVAILABLE_HERE",
            "'matrix' has no meaning here",
            null),
        task(
            "t: { command: [x], matrix: { rate: [1, 2] }, inputs: { i: \"${{ §matrix.rat }}\" } }",
            "UNKNOWN_AXIS",
            "the matrix has no axis 'rat'",
            "Did you mean 'rate'?"),
        task(
            "t: { command: [x], matrix: { a: [1] }, inputs: { i: \"${{ 1 + §matrix.zzz }}\" } }",
            "UNKNOWN_AXIS",
            "the matrix has no axis 'zzz'",
            "There is matrix.a, matrix.index."),
        task(
            "t: { command: [x], matrix: { a: [1, 2] }, inputs: { i: \"${{ matrix.a §+ 'x' }}\" } }",
            "EXPRESSION_INVALID",
            "no matching overload",
            null),
        task(
            SPLIT
                + "t: { uses: pipewright/xgboost@v1, matrix: { r: [0.1, 1] }, with: { train: \"${{ tasks.split.outputs.train }}\", target: y, rounds: \"§${{ matrix.r }}\" } }",
            "TYPE_MISMATCH",
            "is an int, but matrix.r gives a double",
            "int(…)"),
        task("t: { command: [x], matrix: §[1] }", "WRONG_TYPE", "'matrix' must be a map", null),
        task(
            "t: { command: [x], matrix: §{} }",
            "VALUE_INVALID",
            "the matrix has no axis",
            "{axis: [one, two]}"),
        task(
            "t: { command: [x], matrix: { a: §[] } }",
            "VALUE_INVALID",
            "the axis 'a' is empty, so the task would never run",
            null),
        task(
            "t: { command: [x], matrix: { a: §5 } }",
            "WRONG_TYPE",
            "the axis 'a' must be a list, but is the number 5",
            null),
        task(
            "t: { command: [x], matrix: { a: §\"${{ params.s }}\" } }",
            "TYPE_MISMATCH",
            "the axis 'a' must be a list, but params.s gives a string",
            null),
        task(
            "t: { command: [x], matrix: { §index: [1] } }",
            "NAME_INVALID",
            "'index' cannot be the name of an axis",
            "matrix.index is there already"),
        task(
            "t: { command: [x], matrix: { a: [1] }, minSuccess: §1.5 }",
            "VALUE_INVALID",
            "'minSuccess' must be a number from 0 to 1, but is the number 1.5",
            null),
        task(
            "t: { command: [x], matrix: { a: [1] }, maxParallel: §0 }",
            "VALUE_INVALID",
            "'maxParallel' is the number 0",
            "from 1 to"),
        task(
            "t: { command: [x], matrix: §{ a: %1$s, b: %1$s, c: %1$s } }".formatted(list(22)),
            "MATRIX_TOO_LARGE",
            "the matrix has more than 10,000 combinations",
            null),
        task(
            IntStream.range(0, 11)
                .mapToObj(i ->
                    "t%d: { command: [x], matrix: %s{ a: %s, b: %3$s } }"
                        .formatted(i, i == 10 ? "§" : "", list(99)))
                .collect(Collectors.joining("\n")),
            "TOO_MANY_TASKS",
            "more than 100,000 combinations",
            null),
        task(
            "m: { command: [x], matrix: { a: [1] }, outputs: { s: { type: double } } }\n"
                + "t: { command: [x], when: \"${{ tasks.m.outputs.s §> 0.5 }}\" }",
            "EXPRESSION_INVALID",
            "no matching overload",
            null),
        task(
            "m: { command: [x], matrix: { a: [1] }, outputs: { d: { type: dataset } } }\n"
                + "s: { uses: pipewright/split@v1, with: { target: y, data: \"§${{ tasks.m.outputs.d }}\" } }",
            "TYPE_MISMATCH",
            "is a dataset, but tasks.m.outputs.d gives a list",
            null),
        // loops
        task(
            "t: { command: [x], §loop: { limit: 5 } }",
            "MISSING_KEY",
            "the loop has no 'until'",
            null),
        task(
            "t: { command: [x], loop: { until: \"${{ loop.iteration > 2 }}\", limit: §10001 } }",
            "VALUE_INVALID",
            "'limit' is the number 10001",
            "from 1 to 10,000"),
        task(
            "t: { command: [x], loop: { until: \"${{ loop.iteration > 2 }}\", onLimit: §stop } }",
            "VALUE_INVALID",
            "there is no onLimit 'stop'",
            "fail, succeed"),
        task(
            "t: { command: [x], loop: { until: \"${{ §loop.outputs.y > 2 }}\" } }",
            "UNKNOWN_OUTPUT",
            "the task has no output 'y'",
            null),
        task(
            "t: { command: [x], outputs: { y: { type: int } }, loop: { until: \"${{ loop.outputs.y > 2 }}\" }, inputs: { i: \"${{ §loop.outputs.y }}\" } }",
            "NOT_YET_THERE",
            "'loop.outputs.y' is not there in the first iteration",
            "has(loop.outputs.y) ? loop.outputs.y : …"),
        task(
            "t: { command: [x], outputs: { y: { type: int } }, loop: { until: \"${{ loop.outputs.y > 2 }}\" }, inputs: { i: \"${{ 1 + §loop.outputs.y }}\" } }",
            "NOT_YET_THERE",
            "not there in the first iteration",
            null),
        task(
            "t: { command: [x], inputs: { i: \"${{ §loop.iteration }}\" } }",
            "NOT_AVAILABLE_HERE",
            "'loop' has no meaning here",
            null),
        task(
            "t: { command: [x], outputs: { y: { type: int } }, loop: { until: §\"${{ tasks.t.outputs.y > 1 }}\" } }",
            "SELF_REFERENCE",
            "the task 't' needs itself",
            "loop.outputs.<output>"),
        task(
            "t: { command: [x], loop: { until: \"§${{ loop.iteration }}\" } }",
            "TYPE_MISMATCH",
            "'until' must be a bool, but loop.iteration gives an int",
            null),
        // studies
        task(
            study("§study: { objective: y, trials: 3 }"),
            "MISSING_KEY",
            "the study has no 'space'",
            null),
        task(
            study("study: { space: { a: { values: [1] } }, objective: §z, trials: 3 }"),
            "UNKNOWN_OUTPUT",
            "the task has no output 'z'",
            null),
        task(
            study("study: { space: { a: { values: [1] } }, objective: §s, trials: 3 }"),
            "TYPE_MISMATCH",
            "the output 's' is string, which cannot be optimised",
            "double or int"),
        task(
            study(
                "study: { space: { a: §{ type: double, low: 2, high: 1 } }, objective: y, trials: 3 }"),
            "BOUNDS_SWAPPED",
            "'a' has low above high",
            "Swap them."),
        task(
            study(
                "study: { space: { a: { type: int, low: §x, high: 1 } }, objective: y, trials: 3 }"),
            "TYPE_MISMATCH",
            "'low' of 'a' is no number",
            null),
        task(
            study(
                "study: { space: { a: { values: [1] } }, objective: y, trials: 3, sampler: §tpee }"),
            "TYPE_UNKNOWN",
            "There is no sampler 'tpee'",
            "tpe"),
        task(
            study(
                "study: { space: { a: { values: [1] } }, objective: y, trials: 3, pruner: §ashes }"),
            "TYPE_UNKNOWN",
            "There is no pruner 'ashes'",
            "asha"),
        task(
            study(
                "study: { space: { a: { values: [1] } }, objective: y, trials: 3, pruner: { type: asha, eta: §1 } }"),
            "ETA_INVALID",
            "One in 1 goes on",
            "2 or more"),
        task(
            study(
                "study: { space: { a: { values: [1] } }, objective: y, trials: 3, metric: §val_y }"),
            "METRIC_WITHOUT_PRUNER",
            "the study has none",
            "Add a pruner"),
        task(
            study(
                "study: { space: { a: { values: [1] } }, objective: y, trials: 3, pruner: median, metric: §'' }"),
            "VALUE_INVALID",
            "the name of a metric",
            null),
        task(
            study("study: { space: { a: { values: [1] } }, objective: y, trials: §0 }"),
            "VALUE_INVALID",
            "'trials' is the number 0",
            null),
        task(
            study(
                "study: { space: { a: { values: [1] } }, objective: y, trials: 3 }, inputs: { i: \"${{ §trial.params.b }}\" }"),
            "UNKNOWN_PARAM",
            "the study has no param 'b'",
            "Its params are 'a'"),
        task(
            "t: { command: [x], inputs: { i: \"${{ §trial.number }}\" } }",
            "NOT_AVAILABLE_HERE",
            "'trial' has no meaning here",
            "a task with a 'study'"),
        task(
            study(
                "matrix: { m: [1] }, §study: { space: { a: { values: [1] } }, objective: y, trials: 3 }"),
            "CONFLICTING_KEYS",
            "the task 't' has both 'matrix' and 'study'",
            null),
        task(
            study("study: { space: { a: { values: [1] } }, objective: y, trials: 3 }")
                + "\nu: { command: [x], inputs: { i: \"${{ §tasks.t.outputs.worst }}\" } }",
            "UNKNOWN_OUTPUT",
            "'worst'",
            "'best'"),
        task(
            "t: { command: [x], outputs: { y: { type: int }, best: { type: json } }, study: { space: { a: { values: [1] } }, objective: §y, trials: 3 } }",
            "NAME_INVALID",
            "'best'",
            null),
        // retry
        task(
            "t: { command: [x], retry: { factor: §0.5 } }",
            "VALUE_INVALID",
            "'factor' must be a number from 1 to 100",
            null),
        task(
            "t: { command: [x], retry: { jitter: §2 } }",
            "VALUE_INVALID",
            "'jitter' must be a number from 0 to 1",
            null),
        task(
            "t: { command: [x], retry: { backoff: 1m, maxBackoff: §10s } }",
            "VALUE_INVALID",
            "'maxBackoff' is shorter than 'backoff'",
            null),
        task(
            "t: { command: [x], retry: { when: \"${{ §failure.exit == 1 }}\" } }",
            "UNKNOWN_FIELD",
            "'failure' has no 'exit'",
            "Did you mean 'exitCode'?"),
        task(
            "t: { command: [x], when: \"${{ §failure.attempt == 1 }}\" }",
            "NOT_AVAILABLE_HERE",
            "'failure' has no meaning here",
            "in the 'when' of 'retry'"),
        task(
            "t: { command: [x], retry: { §limt: 1 } }",
            "UNKNOWN_KEY",
            "'retry' has no key 'limt'",
            "Did you mean 'limit'?"),
        // approvals
        task(
            "t: { §approval: { deadline: 1d } }",
            "MISSING_KEY",
            "the approval has no message",
            null),
        task(
            "t: { approval: { message: ok, §onDeadline: fail } }",
            "CONFLICTING_KEYS",
            "but there is none",
            "Add a 'deadline'"),
        task(
            "t: { approval: { message: ok, deadline: 1d, §onDeadline: approve, inputs: { n: { type: int } } } }",
            "CONFLICTING_KEYS",
            "nobody would give the input 'n'",
            null),
        task(
            "t: { approval: { message: ok, inputs: { d: { type: §dataset } } } }",
            "VALUE_INVALID",
            "there is no type 'dataset'",
            "string, int, double, bool"),
        task(
            "t: { approval: { message: ok, inputs: { §by: { type: string } } } }",
            "NAME_INVALID",
            "'by' is an output of every approval",
            null),
        task(
            "t: { approval: { message: ok, inputs: { n: { type: int, default: §a } } } }",
            "TYPE_MISMATCH",
            "the input 'n' is an int, but its default is the text 'a'",
            null),
        task(
            "t: { approval: { message: \"${{ §params.zzz }}\" } }",
            "UNKNOWN_PARAM",
            "there is no param 'zzz'",
            null),
        // pools, secrets, resources
        task(
            "t: { command: [x], pools: { gpu: §0 } }",
            "VALUE_INVALID",
            "'gpu' is the number 0",
            "from 1 to 1,000,000"),
        task(
            "t: { command: [x], pools: [§GPU] }",
            "NAME_INVALID",
            "'GPU' cannot be the name of a pool",
            null),
        task(
            "t: { command: [x], env: { T: { secret: §hub-token } } }",
            "NAME_INVALID",
            "'hub-token' cannot be the name of a secret",
            "capital letters"),
        task(
            "t: { command: [x], env: { T: { secret: HUB, §key: HUB } } }",
            "UNKNOWN_KEY",
            "a variable has no key 'key'",
            "The keys are secret."),
        task(
            "t: { command: [x], resources: { nodes: §0 } }",
            "VALUE_INVALID",
            "'nodes' is the number 0",
            null),
        task(
            "t: { command: [x], outputs: { o: { type: int } }, cache: { maxAge: §soon } }",
            "VALUE_INVALID",
            "'maxAge' is not a duration",
            null),
        // pools
        task(
            "t: { command: [x], pools: [a, §gpu-licence] }",
            "UNKNOWN_POOL",
            "there is no pool 'gpu-licence'",
            "Did you mean 'gpu-license'? Otherwise make it: pipewright pools set gpu-licence 1"),
        task(
            "t: { uses: pipewright/split@v1, with: { data: \"${{ params.data }}\", target: y }, pools: { §quota: 3 } }",
            "UNKNOWN_POOL",
            "there is no pool 'quota'",
            "Make it: pipewright pools set quota 3"),
        task(
            "t: { command: [x], pools: { b: 1, §a: 3 } }",
            "POOL_TOO_SMALL",
            "3 of pool 'a' can never be had: it has 2 slots",
            "pipewright pools set a 3"),
        task(
            "t: { command: [x], pools: [b, §b] }",
            "POOL_TOO_SMALL",
            "2 of pool 'b' can never be had: it has 1 slot",
            null),
        task(
            "t: { pipeline: publish, with: { data: \"${{ params.data }}\" }, §pools: [a] }",
            "UNKNOWN_KEY",
            "a task that calls a pipeline has no key 'pools'",
            null),
        task(
            "t: { approval: { message: Ship? }, §pools: [a] }",
            "UNKNOWN_KEY",
            "a task with 'approval' has no key 'pools'",
            null),
        // calls
        task(
            "t: { pipeline: §other }",
            "UNKNOWN_PIPELINE",
            "there is no pipeline 'other'",
            "Apply that pipeline first."),
        task(
            "t: { pipeline: §publsh }",
            "UNKNOWN_PIPELINE",
            "there is no pipeline 'publsh'",
            "Did you mean 'publish'?"),
        task(
            "t: { pipeline: §publish@9, with: { data: \"${{ params.data }}\" } }",
            "UNKNOWN_PIPELINE",
            "the pipeline 'publish' has no version 9",
            "Leave '@9' out"),
        task(
            "t: { pipeline: §publish@latest }",
            "VALUE_INVALID",
            "'pipeline' is the text 'publish@latest'",
            "churn@3"),
        task(
            "§t: { pipeline: publish }",
            "MISSING_INPUT",
            "the task 't' lacks the input 'data' of the pipeline 'publish@4'",
            "What to publish"),
        task(
            "t: { pipeline: publish, with: { data: \"${{ params.data }}\" }, study: { space: { a: { values: [1] } }, objective: score, trials: 3, pruner: §median } }",
            "PRUNER_OF_CALL",
            "the trials of task 't' are runs of a pipeline",
            "a task of that pipeline"),
        task(
            "t: { uses: pipewright/load@v1, with: { data: \"${{ params.data }}\", table: t, mode: §upset } }",
            "VALUE_INVALID",
            "the input 'mode' of pipewright/load@v1 is 'upset'",
            "Did you mean 'upsert'?"),
        task(
            "t: { uses: pipewright/query@v1, with: { query: select 1, format: §xlsx } }",
            "VALUE_INVALID",
            "the input 'format' of pipewright/query@v1 is 'xlsx'",
            "It can be 'csv', 'parquet'."),
        task(
            "t: { pipeline: publish, with: { data: \"${{ params.data }}\", §tims: 1 } }",
            "UNKNOWN_INPUT",
            "the pipeline 'publish@4' has no input 'tims'",
            "Did you mean 'times'?"),
        task(
            "t: { pipeline: publish, with: { data: \"${{ params.data }}\", times: §often } }",
            "TYPE_MISMATCH",
            "the input 'times' of the pipeline 'publish@4' is an int, but the text 'often' is given",
            null),
        task(
            "t: { pipeline: publish, with: { data: \"§${{ params.s }}\" } }",
            "TYPE_MISMATCH",
            "is a dataset, but params.s gives a string",
            null),
        task(
            "t: { pipeline: publish, with: { data: \"${{ params.data }}\" } }\n"
                + "u: { command: [x], inputs: { i: \"${{ §tasks.t.outputs.adress }}\" } }",
            "UNKNOWN_OUTPUT",
            "the task 't' has no output 'adress'",
            "Did you mean 'address'?"),
        task(
            "t: { pipeline: §deep }",
            "CALLS_TOO_DEEP",
            "10 deep already",
            "at most 10 calls may lie in each other"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void refuses(Rule rule) {
    var text = rule.text.replace("§", "");
    var errors = errors(text);
    assertThat(errors).as(errors.toString()).isNotEmpty();
    var error = errors.getFirst();
    assertThat(error.code()).as(errors.toString()).isEqualTo(rule.code);
    assertThat(error.message()).contains(rule.message);
    assertThat(error.line() + ":" + error.column())
        .as(error.toString())
        .isEqualTo(marked(rule.text));
    if (rule.remedy != null) {
      assertThat(error.remedy()).contains(rule.remedy);
    }
    assertThat(errors).as(errors.toString()).hasSize(1);
  }

  /// The schema takes the settings of pruners and samplers as they come.
  @Test
  void a_setting_that_a_pruner_has_not_is_an_error() {
    var text =
        task(
                study(
                    "study: { space: { a: { values: [1] } }, objective: y, trials: 3, pruner: { type: asha, rate: §3 } }"),
                "",
                "",
                null)
            .text();
    assertThat(errors(text.replace("§", "")))
        .singleElement()
        .satisfies(error -> {
          assertThat(error.code()).isEqualTo("UNKNOWN_KEY");
          assertThat(error.message()).isEqualTo("'pruner' has no 'rate'");
          assertThat(error.line() + ":" + error.column()).isEqualTo(marked(text));
          assertThat(error.remedy()).contains("eta");
        });
  }

  private static String study(String keys) {
    return "t: { command: [x], outputs: { y: { type: double }, s: { type: string } }, %s }"
        .formatted(keys);
  }

  static Stream<String> right() {
    return Stream.of(
        study(
            "study: { space: { a: { values: [1] }, b: { type: double, low: 0, high: 1, when: { a: [1] } } }, objective: y, trials: 3 },"
                + " inputs: { i: \"${{ has(trial.params.b) ? trial.params.b * 2.0 : 0.0 }}\", all: \"${{ trial.params }}\" }"),
        study(
            "study: { space: { a: { values: [1] } }, objective: y, trials: 3, pruner: { type: hyperband, max: 27 }, metric: val_y }"),
        "t: { command: [x], outputs: { y: { type: int } }, loop: { until: \"${{ loop.outputs.y > 2 }}\" }, inputs: { i: \"${{ loop.iteration == 1 ? 0 : loop.outputs.y }}\" } }",
        "m: { command: [x], matrix: { a: [1] }, minSuccess: 0.5, outputs: { s: { type: double } } }\n"
            + "t: { command: [x], inputs: { best: \"${{ tasks.m.outputs.s.filter(s, s != null && s > 0.5) }}\" } }",
        "m: { command: [x], matrix: { a: [1] }, outputs: { s: { type: double } } }\n"
            + "t: { command: [x], when: \"${{ tasks.m.outputs.s.exists(s, s > 0.5) }}\" }",
        "m: { command: [x], matrix: { a: [1, 2] }, outputs: { d: { type: dataset } } }\n"
            + "t: { uses: pipewright/split@v1, matrix: { d: \"${{ tasks.m.outputs.d }}\" }, with: { data: \"${{ matrix.d }}\", target: y } }",
        "t: { command: [x], matrix: { a: \"${{ params.j }}\" }, inputs: { i: \"${{ matrix.a.name + '!' }}\" } }",
        "t: { command: [x], matrix: { a: [1, 0.5], b: [\"${{ params.n }}\", 2] }, inputs: { i: \"${{ matrix.a * double(matrix.b + 1) }}\" } }",
        BRANCH + "join: { command: [x], needs: [a, b], trigger: any-succeeded }",
        BRANCH + "join: { command: [x], needs: [a, b], trigger: all-ended }",
        "a: { command: [x], when: \"${{ params.flag }}\" }\n"
            + "b: { command: [x], else: a, when: \"${{ params.n > 1 }}\" }\n"
            + "c: { command: [x], else: b }\n"
            + "d: { command: [x], needs: [a, b, c], trigger: any-succeeded }",
        "t: { command: [x], retry: { when: \"${{ has(failure.exitCode) && failure.exitCode in [75, 137] && failure.attempt < 3 && failure.message.contains('lock') }}\" } }",
        "t: { pipeline: publish, with: { data: \"${{ params.data }}\", share: \"${{ params.n }}\" }, matrix: { a: [1, 2] } }\n"
            + "u: { command: [x], inputs: { i: \"${{ tasks.t.outputs.address[0] }}\" } }",
        "t: { approval: { message: \"Ship ${{ params.n }}?\", inputs: { n: { type: int } }, deadline: 1d } }\n"
            + "u: { command: [x], when: \"${{ tasks.t.outputs.n > 1 && tasks.t.outputs.by != '' }}\" }",
        "t: { command: [x], pools: [a, b, a], trigger: all-ended, priority: -1000 }",
        "t: { command: [x], inputs: { i: \"${{ run.id + run.name + string(run.number) + run.scheduledAt }}\" } }");
  }

  @ParameterizedTest
  @MethodSource("right")
  void allows(String tasks) {
    assertThat(errors(task(tasks, "", "", null).text)).isEmpty();
  }

  @Test
  void a_call_is_not_checked_where_nothing_is_known_of_the_pipeline() {
    var text =
        task(
                "t: { pipeline: other, with: { any: 1 } }\n"
                    + "m: { pipeline: other@2, matrix: { a: [1] } }\n"
                    + "u: { uses: pipewright/split@v1, with: { data: \"${{ tasks.t.outputs.x }}\", target: \"${{ tasks.m.outputs.x[0] }}\" } }",
                "",
                "",
                null)
            .text;
    assertThat(PipelineLanguage.check(text)).isInstanceOf(Checked.Valid.class);
    assertThat(errors(text)).hasSize(2);
  }

  @Test
  void the_depth_of_calls_is_that_of_the_deepest() {
    var text =
        "name: x\ntasks:\n  a: { pipeline: shallow }\n  b: { pipeline: publish, with: { data: \"${{ tasks.a.outputs.d }}\" } }\n";
    var spec = PipelineLanguage.require(text, CALLS);
    assertThat(PipelineLookup.Signature.of(spec, 1, CALLS).depth()).isEqualTo(4);
  }

  private static final PipelineLookup CALLS =
      new PipelineLookup() {
        @Override
        public Map<String, Integer> pools() {
          return Map.of("a", 2, "b", 1, "gpu-license", 4);
        }

        @Override
        public Optional<Signature> find(String name, Integer version) {
          return switch (name) {
            case "publish" ->
                version == null || version <= 4
                    ? Optional.of(
                        new Signature(
                            name,
                            version == null ? 4 : version,
                            Map.of(
                                "data",
                                new ParamSpec(ValueType.DATASET, null, "What to publish"),
                                "times",
                                new ParamSpec(
                                    ValueType.INT,
                                    com.fasterxml.jackson.databind.node.IntNode.valueOf(1),
                                    null),
                                "share",
                                new ParamSpec(
                                    ValueType.DOUBLE,
                                    com.fasterxml.jackson.databind.node.IntNode.valueOf(1),
                                    null)),
                            Map.of("address", ValueType.STRING, "score", ValueType.DOUBLE),
                            0))
                    : Optional.empty();
            case "shallow" ->
                Optional.of(new Signature(name, 1, Map.of(), Map.of("d", ValueType.DATASET), 3));
            case "deep" -> Optional.of(new Signature(name, 1, Map.of(), Map.of(), 10));
            default -> Optional.empty();
          };
        }

        @Override
        public List<String> names() {
          return List.of("publish", "deep");
        }
      };

  private static List<Problem.Violation> errors(String text) {
    return switch (PipelineLanguage.check(text, CALLS)) {
      case Checked.Valid _ -> List.of();
      case Checked.Invalid(var errors) -> errors;
    };
  }

  /// The line and column of what the mark stands before.
  private static String marked(String text) {
    int at = text.indexOf('§');
    var before = text.substring(0, at);
    long line = before.chars().filter(c -> c == '\n').count() + 1;
    return line + ":" + (at - before.lastIndexOf('\n'));
  }

  private static Rule document(String text, String code, String message, String remedy) {
    return new Rule(text, code, message, remedy);
  }

  static Rule task(String tasks, String code, String message, String remedy) {
    var text = new StringBuilder(PARAMS);
    tasks.lines().forEach(line -> text.append("  ").append(line).append('\n'));
    return new Rule(text.toString(), code, message, remedy);
  }

  private static String list(int size) {
    var items = new ArrayList<String>();
    for (int i = 0; i < size; i++) {
      items.add(String.valueOf(i));
    }
    return items.toString();
  }
}

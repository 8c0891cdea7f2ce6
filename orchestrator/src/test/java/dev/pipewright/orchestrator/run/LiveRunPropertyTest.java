package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.PipelineLanguage;
import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Whatever the graph and whatever happens to its attempts, every run ends, and ends rightly.
class LiveRunPropertyTest {
  /// A random DAG: a task needs some of those before it.
  private static String pipeline(Random random, int size) {
    var text = new StringBuilder("name: random\ntasks:\n");
    for (int i = 0; i < size; i++) {
      int at = i;
      var needs =
          IntStream.range(0, i).filter(j -> random.nextInt(at) < 2).mapToObj(j -> "t" + j).toList();
      text.append(
          "  t%d: { command: [\"true\"], needs: %s, retry: { limit: %d, backoff: 1s } }\n"
              .formatted(i, needs, random.nextInt(3)));
    }
    return text.toString();
  }

  @Property(tries = 300)
  void everyRunEndsRightly(@ForAll @IntRange(min = 1, max = 25) int size, @ForAll long seed) {
    var random = new Random(seed);
    var text = pipeline(random, size);
    var spec = PipelineLanguage.require(text);
    var run = Runs.of(text);
    boolean cancelled = false;
    int steps = 0;
    while (!run.state().isTerminal()) {
      assertThat(steps++).as("steps until it ends").isLessThan(2_000);
      run.step();
      if (random.nextBoolean()) {
        run.forget();
      }
      assertThat(run.step()).as("deciding again decides nothing").isFalse();
      for (var task : run.active()) {
        happen(run, task, random);
      }
      if (!cancelled && random.nextInt(200) == 0) {
        run.cancel();
        cancelled = true;
      }
      run.wait(Duration.ofSeconds(random.nextInt(120)));
      run.step();
    }
    for (var task : spec.tasks().values()) {
      var state = run.state(task.name());
      assertThat(state.isTerminal()).isTrue();
      boolean allSucceeded =
          task.needs().stream().allMatch(need -> run.state(need) == TaskState.SUCCEEDED);
      if (run.attempt(task.name()) > 0) {
        assertThat(allSucceeded).as("a task that ran had all it needs").isTrue();
      }
      assertThat(run.tasks().get(task.name()).userFailures())
          .isLessThanOrEqualTo(task.retry().limit() + 1);
      if (state == TaskState.UPSTREAM_FAILED) {
        assertThat(allSucceeded).isFalse();
        assertThat(run.attempt(task.name())).isZero();
      }
    }
    var states = run.tasks().values().stream().map(RunSnapshot.TaskSnapshot::state).toList();
    var expected =
        cancelled
            ? run.state()
            : states.contains(TaskState.FAILED) ? RunState.FAILED : RunState.SUCCEEDED;
    assertThat(run.state()).isEqualTo(expected);
    if (!cancelled && expected == RunState.SUCCEEDED) {
      assertThat(states).containsOnly(TaskState.SUCCEEDED);
    }
  }

  /// Something, anything, or nothing happens to the attempt; reports repeat and come late.
  private static void happen(Runs run, String task, Random random) {
    if (random.nextInt(3) == 0) {
      run.claimed(task).started(task);
    }
    switch (random.nextInt(8)) {
      case 0 -> run.failed(task);
      case 1 -> run.lost(task);
      case 2 -> run.stopped(task);
      case 3 -> run.succeeded(task).succeeded(task);
      case 4 -> run.succeeded(task).started(task);
      case 5 -> run.succeeded(task).failed(task);
      case 6 -> run.succeeded(task);
      default -> {
        // It takes its time.
      }
    }
  }
}

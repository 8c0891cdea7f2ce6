package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.language.Checked;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Whatever the graph and whatever happens to its attempts, every run ends, and ends rightly: as
/// [Oracle] says, which knows of no order, no time and no crash.
class LiveRunPropertyTest {
  @Property(tries = 500)
  void everyRunEndsAsItShould(@ForAll @IntRange(min = 1, max = 16) int size, @ForAll long seed) {
    var random = new Random(seed);
    var spec = pipeline(random, size);
    Assume.that(spec != null);
    var oracle = new Oracle(spec, seed);
    var run = Runs.of(spec, Map.of());
    finish(run, oracle, random, () -> {});
    for (var task : spec.tasks().values()) {
      assertThat(run.state(task.name()))
          .as(task.name() + " of\n" + text(new Random(seed), size))
          .isEqualTo(oracle.state(task.name()));
    }
    assertThat(run.state()).isEqualTo(oracle.runState());
  }

  /// What people do to runs comes at any time: no oracle knows what then becomes of them, but they
  /// end, and nothing is done that was not allowed.
  @Property(tries = 300)
  void whateverPeopleDoEveryRunEnds(
      @ForAll @IntRange(min = 1, max = 16) int size, @ForAll long seed) {
    var random = new Random(seed);
    var spec = pipeline(random, size);
    Assume.that(spec != null);
    var oracle = new Oracle(spec, seed);
    var run = Runs.of(spec, Map.of());
    var cancelled = new boolean[1];
    finish(
        run,
        oracle,
        random,
        () -> {
          switch (random.nextInt(60)) {
            case 0 -> {
              run.cancel();
              cancelled[0] = true;
            }
            case 1 -> run.pause(true);
            case 2, 3, 4, 5 -> run.pause(false);
            default -> {
              // Most of the time they let it be.
            }
          }
        });
    assertThat(run.tasks().values()).allMatch(task -> task.state().isTerminal());
    if (run.state() != RunState.SUCCEEDED) {
      boolean failed =
          run.tasks().values().stream()
              .anyMatch(task ->
                  switch (task.state()) {
                    case FAILED, UPSTREAM_FAILED, CANCELLED -> true;
                    default -> false;
                  });
      if (failed) {
        run.retry().step();
        assertThat(run.state()).isIn(RunState.RUNNING, RunState.FAILED, RunState.SUCCEEDED);
        finish(run, oracle, random, () -> {});
        assertThat(run.tasks().values()).allMatch(task -> task.state().isTerminal());
      }
    }
    if (!cancelled[0] && run.state() == RunState.SUCCEEDED) {
      assertThat(run.tasks().values())
          .filteredOn(task -> task.group() == null)
          .allMatch(
              task -> task.state() == TaskState.SUCCEEDED || task.state() == TaskState.SKIPPED);
    }
  }

  /// Lets things happen until the run has ended: attempts are claimed, start, end, are lost;
  /// reports repeat and come late; the engine forgets what it had in memory.
  private static void finish(Runs run, Oracle oracle, Random random, Runnable people) {
    int steps = 0;
    while (true) {
      run.step();
      if (run.state().isTerminal()) {
        return;
      }
      assertThat(steps++)
          .as(() -> "steps until it ends; now " + run.state() + " " + run.tasks().values())
          .isLessThan(3_000);
      if (random.nextInt(3) == 0) {
        run.forget();
      }
      assertThat(run.step()).as("deciding again decides nothing").isFalse();
      var active = new ArrayList<>(run.active());
      boolean happened = false;
      for (var task : active) {
        happened |= happen(run, oracle, task, random);
      }
      people.run();
      if (!happened && random.nextBoolean()) {
        run.wait(Duration.ofSeconds(1 + random.nextInt(600)));
        run.pause(false);
      }
    }
  }

  private static boolean happen(Runs run, Oracle oracle, String task, Random random) {
    if (random.nextInt(3) == 0) {
      return false; // It takes its time.
    }
    if (random.nextInt(2) == 0) {
      run.claimed(task);
    }
    if (random.nextInt(2) == 0) {
      run.started(task);
    }
    if (run.stopRequested(task) && random.nextBoolean()) {
      run.stopped(task);
      return true;
    }
    for (int i = random.nextInt(5) == 0 ? 2 : 1; i > 0; i--) {
      switch (oracle.outcome(task, run.attempt(task))) {
        case SUCCEEDED -> run.succeeded(task, "n", oracle.output(task));
        case FAILED -> run.failed(task);
        case LOST -> run.lost(task);
      }
    }
    return true;
  }

  // Pipelines ------------------------------------------------------------------------------------

  private static PipelineSpec pipeline(Random random, int size) {
    return PipelineLanguage.check(text(random, size)) instanceof Checked.Valid(var spec)
        ? spec
        : null;
  }

  static String text(Random random, int size) {
    var text = new StringBuilder("name: random\ntasks:\n");
    var plain = new ArrayList<String>();
    var conditional = new ArrayList<String>();
    for (int i = 0; i < size; i++) {
      task(text, "t" + i, i, "t", random, plain, conditional);
    }
    if (random.nextInt(3) == 0) {
      text.append("finally:\n");
      for (int i = 0; i < 1 + random.nextInt(2); i++) {
        text.append(
            "  f%d: { command: [\"true\"], needs: [%s], retry: { limit: 1 } }\n"
                .formatted(i, i > 0 ? "f0" : ""));
      }
    }
    return text.toString();
  }

  private static void task(
      StringBuilder text,
      String name,
      int before,
      String prefix,
      Random random,
      List<String> plain,
      List<String> conditional) {
    var needs = new ArrayList<String>();
    for (int j = 0; j < before; j++) {
      if (random.nextInt(before) < 2) {
        needs.add(prefix + j);
      }
    }
    text.append(
        "  %s:\n    command: [\"true\"]\n    outputs: { n: { type: int } }\n    cache: false\n    needs: %s\n"
            .formatted(name, needs));
    text.append(
        "    retry: { limit: %d, backoff: 1s, system: %d }\n"
            .formatted(random.nextInt(3), random.nextInt(3)));
    switch (random.nextInt(6)) {
      case 0 -> text.append("    trigger: any-succeeded\n");
      case 1 -> text.append("    trigger: all-ended\n");
      default -> {
        // All must succeed.
      }
    }
    if (!plain.isEmpty() && random.nextInt(4) == 0) {
      var other = plain.get(random.nextInt(plain.size()));
      text.append("    when: \"${{ tasks.%s.outputs.n > 4 }}\"\n".formatted(other));
      conditional.add(name);
    } else if (!conditional.isEmpty() && random.nextInt(3) == 0) {
      text.append("    else: %s\n".formatted(conditional.get(random.nextInt(conditional.size()))));
    }
    switch (random.nextInt(6)) {
      case 0 ->
          text.append(
              "    matrix: { x: %s }\n    maxParallel: %d\n    minSuccess: %s\n"
                  .formatted(
                      List.of("[]", "[1]", "[1, 2, 3]", "[1, 2, 3, 4, 5]").get(random.nextInt(4)),
                      1 + random.nextInt(3),
                      List.of("1", "0.5", "0").get(random.nextInt(3))));
      case 1 ->
          text.append(
              "    loop: { until: \"${{ loop.iteration >= %d }}\", limit: %d, onLimit: %s }\n"
                  .formatted(
                      1 + random.nextInt(4),
                      1 + random.nextInt(3),
                      random.nextBoolean() ? "fail" : "succeed"));
      default -> plain.add(name);
    }
  }
}

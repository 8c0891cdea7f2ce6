package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// What tasks need goes away for a while and comes back: nothing is lost, nothing runs twice, no
/// retry is used up, and what can go on without it does.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LuckIT {
  private static final Duration OUTAGE = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int LAYERS = 12;

  private final Sandbox sandbox = Sandbox.create();

  @BeforeEach
  void everythingIsUp() {
    sandbox.up();
  }

  @AfterAll
  void leavesNothing() {
    sandbox.close();
  }

  /// A broker that hangs is worse than one that is gone: connections to it succeed.
  @Test
  void theBrokerHangs() {
    try (var pipewright = sandbox.client()) {
      var run = start(sandbox, pipewright);
      long broker = sandbox.kafkaPid();
      signal("STOP", List.of(broker));
      try {
        var ended = end(pipewright, run);
        assertUnharmed(ended);
      } finally {
        signal("CONT", List.of(broker));
      }
      for (var task : pipewright.runs().get(run).tasks()) {
        if (task.name().startsWith("command")) {
          hasWholeLog(pipewright, task);
        }
      }
    }
  }

  @Test
  void theDatabaseIsRestarted() {
    try (var pipewright = sandbox.client()) {
      var run = start(sandbox, pipewright);
      long database = sandbox.postgresPid();
      signal("INT", List.of(database));
      await().atMost(PATIENCE).until(() -> !Sandbox.alive(database));
      assertUnharmed(end(pipewright, run));
    }
  }

  @Test
  void theDatabaseHangs() {
    try (var pipewright = sandbox.client()) {
      var run = start(sandbox, pipewright);
      var processes = family(sandbox.postgresPid());
      signal("STOP", processes);
      try {
        await().pollDelay(OUTAGE).atMost(OUTAGE.plusSeconds(5)).until(() -> true);
      } finally {
        signal("CONT", processes);
      }
      assertUnharmed(end(pipewright, run));
    }
  }

  /// On a disk of its own, which only some may make.
  @Test
  void theDiskIsFull() throws IOException {
    try (var small = Sandbox.create()) {
      var home = Files.createDirectories(small.home().root());
      assumeTrue(
          command("mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", home.toString()) == 0,
          "no file system can be mounted here");
      try {
        small.up();
        try (var pipewright = small.client()) {
          var run = start(small, pipewright);
          var filler = home.resolve("filler");
          fill(filler);
          await()
              .atMost(PATIENCE)
              .ignoreExceptions()
              .until(() ->
                  pipewright.runs().explain(run, null).reasons().toString().contains("is full"));
          Files.delete(filler);
          var ended = end(pipewright, run);
          assertThat(ended.state()).as(ended.message()).isEqualTo(RunState.SUCCEEDED);
          assertThat(ended.tasks())
              .flatExtracting(PipelineRun.Task::attempts)
              .extracting(PipelineRun.Attempt::failure)
              .doesNotContain(FailureKind.USER);
          for (var task : ended.tasks()) {
            if (task.name().startsWith("command")) {
              assertThat(log(small, run, task)).content().contains("end").doesNotContain("doubled");
            }
          }
        }
      } finally {
        small.processes().forEach(ProcessHandle::destroyForcibly);
        await().atMost(PATIENCE).until(() -> command("umount", home.toString()) == 0);
      }
    }
  }

  private static void fill(Path file) {
    try (var out = Files.newOutputStream(file)) {
      while (true) {
        out.write(new byte[64 * 1024]);
      }
    } catch (IOException e) {
      // That was the last of it.
    }
  }

  // -----------------------------------------------------------------------------------------------

  /// Chains of commands, which say so when they run twice at once, and of built-in tasks.
  private static String start(Sandbox sandbox, Pipewright pipewright) {
    var text = new StringBuilder("name: luck\ntasks:\n");
    for (int i = 0; i < LAYERS; i++) {
      text.append("  command%d:\n".formatted(i));
      text.append("    resources: { cpu: 0.5 }\n");
      if (i > 0) {
        text.append("    needs: [command%d, builtin%d]\n".formatted(i - 1, i - 1));
      }
      text.append(
          """
              command:
                - sh
                - -c
                - |
                  cd "$PIPEWRIGHT_CHECKPOINTS"; exec 9>>lock; flock -n 9 || echo doubled >> log
                  echo begin >> log
                  echo one; sleep 0.5; echo two; sleep 0.5
                  echo end >> log
          """);
      text.append("  builtin%d:\n".formatted(i));
      text.append("    resources: { cpu: 0.5 }\n");
      if (i > 0) {
        text.append("    needs: [command%d]\n".formatted(i - 1));
      }
      text.append("    uses: pipewright/noop@v1\n    with: { seconds: 0.5 }\n");
    }
    pipewright.pipelines().apply(sandbox.write("luck.yaml", text.toString()));
    var run = pipewright.runs().start("luck", Map.of());
    await().atMost(PATIENCE).until(() -> succeeded(pipewright.runs().get(run.id())) >= 3);
    return run.id();
  }

  private static long succeeded(PipelineRun run) {
    return run.tasks().stream().filter(task -> task.state() == TaskState.SUCCEEDED).count();
  }

  private static PipelineRun end(Pipewright pipewright, String run) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> pipewright.runs().get(run).state().isTerminal());
    return pipewright.runs().get(run);
  }

  private void assertUnharmed(PipelineRun run) {
    assertThat(run.state()).as(run.message()).isEqualTo(RunState.SUCCEEDED);
    assertThat(succeeded(run)).isEqualTo(2 * LAYERS);
    for (var task : run.tasks()) {
      assertThat(task.attempts())
          .as(task.name())
          .singleElement()
          .extracting(PipelineRun.Attempt::failure)
          .isNull();
      if (task.name().startsWith("command")) {
        assertThat(log(sandbox, run.id(), task)).hasContent("begin\nend");
      }
    }
  }

  private static Path log(Sandbox sandbox, String run, PipelineRun.Task task) {
    return sandbox.home().root().resolve(Path.of("checkpoints", run, task.name(), "log"));
  }

  /// Every line, each once, in order; those of the outage come when it is over.
  private static void hasWholeLog(Pipewright pipewright, PipelineRun.Task task) {
    var tracked = task.attempts().getFirst().trackedRunId();
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() ->
            assertThat(pipewright.trackedRuns().lastLogs(tracked, 100))
                .extracting(line -> line.number() + " " + line.text())
                .containsExactly("1 one", "2 two"));
  }

  /// A process and its children.
  private static List<Long> family(long pid) {
    var pids = new ArrayList<Long>(List.of(pid));
    ProcessHandle.of(pid)
        .ifPresent(process -> process.children().map(ProcessHandle::pid).forEach(pids::add));
    return pids;
  }

  private static void signal(String name, List<Long> pids) {
    var words = new ArrayList<>(List.of("kill", "-" + name));
    pids.forEach(pid -> words.add(Long.toString(pid)));
    // Those of the children that ended meanwhile need none.
    command(words.toArray(String[]::new));
  }

  private static int command(String... words) {
    try {
      return new ProcessBuilder(words).redirectErrorStream(true).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}

package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Two servers on one database and one broker share the tasks of a run. When one of them is gone
/// with all that it ran, the other brings the run to its end.
@EnabledOnOs(OS.LINUX)
class TwoServersIT {
  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final Map<String, String> SETTINGS =
      Map.of(
          "PIPEWRIGHT_LAUNCHER_LOST_AFTER",
          LEASE.toSeconds() + "s",
          "PIPEWRIGHT_LAUNCHER_CPUS",
          "2");
  private static final int TASKS = 24;

  private enum Victim {
    FIRST,
    SECOND
  }

  @ParameterizedTest
  @EnumSource(Victim.class)
  void theOneThatIsLeftBringsTheRunToItsEnd(Victim victim) {
    try (var first = Sandbox.create(SETTINGS)) {
      first.up();
      var settings = new HashMap<>(SETTINGS);
      settings.putAll(first.backends());
      try (var second = Sandbox.create(settings)) {
        second.up();
        tell(first, second, victim);
      }
    }
  }

  private static void tell(Sandbox first, Sandbox second, Victim victim) {
    var survivor = victim == Victim.FIRST ? second : first;
    var dead = victim == Victim.FIRST ? first : second;
    var marks = first.folder().resolve("marks");
    // Each task holds a lock as long as it runs, and says where it runs.
    var document =
        first.write(
            "pipeline.yaml",
            """
            name: shared
            tasks:
              work:
                matrix: { number: [%s] }
                retry: { system: 3 }
                env: { MARKS: "%s" }
                inputs: { number: "${{ matrix.number }}" }
                command:
                  - sh
                  - -c
                  - |
                    mark="$MARKS/$(cat "$PIPEWRIGHT_INPUTS/number")"
                    exec 9>>"$mark.lock"
                    flock -n 9 || echo doubled >>"$mark"
                    echo "$PIPEWRIGHT_URL" >>"$mark"
                    sleep 1
                    echo ended >>"$mark"
            """
                .formatted(
                    IntStream.range(0, TASKS)
                        .mapToObj(String::valueOf)
                        .collect(Collectors.joining(", ")),
                    marks));
    try (var client = survivor.client()) {
      Files.createDirectories(marks);
      client.pipelines().apply(document);
      var run = client.runs().start("shared", Map.of());
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> places(marks).containsAll(Set.of(url(first), url(second))));
      long before = ended(client, run);

      // The machine is gone: the server, its worker, and all that this ran.
      Sandbox.kill(dead.serverPid(), dead.workerPid());
      dead.tasks().forEach(ProcessHandle::destroyForcibly);

      await()
          .atMost(Duration.ofSeconds(120))
          .until(() -> client.runs().get(run.id()).state().isTerminal());
      var last = client.runs().get(run.id());
      assertThat(before).as("tasks that had ended when it was killed").isLessThan(TASKS);
      assertThat(last.state()).as(last.message()).isEqualTo(RunState.SUCCEEDED);
      var instances = last.tasks().stream().filter(task -> task.group() != null).toList();
      assertThat(instances)
          .hasSize(TASKS)
          .allMatch(task -> task.state() == TaskState.SUCCEEDED)
          .allMatch(TwoServersIT::isHeldAgainstNobody);
      assertThat(instances.stream().filter(task -> task.attempts().size() > 1).count())
          .as("tasks that were lost with the server and made again")
          .isBetween(1L, 2L);
      for (int i = 0; i < TASKS; i++) {
        assertThat(marks.resolve(Integer.toString(i)))
            .content()
            .contains("ended")
            .doesNotContain("doubled");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isHeldAgainstNobody(PipelineRun.Task task) {
    return task.attempts().stream()
        .allMatch(attempt ->
            attempt.state() == AttemptState.SUCCEEDED || attempt.failure() == FailureKind.SYSTEM);
  }

  private static String url(Sandbox sandbox) {
    return sandbox.server().url();
  }

  private static long ended(Pipewright client, PipelineRun run) {
    return client.runs().get(run.id()).tasks().stream()
        .filter(task -> task.group() != null && task.state().isTerminal())
        .count();
  }

  /// The servers whose tasks have begun.
  private static Set<String> places(Path marks) {
    try (var files = Files.newDirectoryStream(marks)) {
      var found = new HashSet<String>();
      for (var file : files) {
        found.addAll(Files.readAllLines(file));
      }
      found.removeAll(List.of("ended", "doubled"));
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

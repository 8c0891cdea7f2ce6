package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every launcher keeps. The work that is launched writes a line into [#marks] when it begins,
/// lasts until the file `go` is there, and then is done.
abstract class LauncherContract {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir Path folder;
  private final UUID attempt = UUID.randomUUID();
  private Launcher launcher;

  /// A launcher, as a server that has just started makes it.
  abstract Launcher launcher(Path folder);

  /// Kills the runner the hard way.
  abstract void kill(Path folder, UUID attempt) throws IOException;

  @BeforeEach
  void make() {
    launcher = launcher(folder);
  }

  private TaskLaunch launch() {
    return new TaskLaunch(
        attempt.toString(),
        1,
        "pipeline",
        1,
        UUID.randomUUID().toString(),
        "task",
        "0".repeat(32),
        "1".repeat(32),
        "pipeline",
        null,
        List.of("true"),
        Map.of(),
        Map.of(),
        List.of(),
        Map.of("MARKS", marks().toString(), "GO", folder.resolve("go").toString()),
        folder.resolve("checkpoints").toString(),
        null,
        false,
        "http://127.0.0.1:1",
        "127.0.0.1:1");
  }

  private Path marks() {
    return folder.resolve("marks");
  }

  private List<String> begun() throws IOException {
    return Files.exists(marks()) ? Files.readAllLines(marks()) : List.of();
  }

  private void awaitBegun() {
    await().atMost(LIMIT).until(() -> !begun().isEmpty());
  }

  private void go() throws IOException {
    Files.writeString(folder.resolve("go"), "");
    await().atMost(LIMIT).until(() -> launcher.isDone(attempt));
  }

  @Test
  void anAttemptThatWasNeverLaunchedIsNowhere() {
    assertThat(launcher.isThere(attempt)).isFalse();
    assertThat(launcher.wasStarted(attempt)).isFalse();
    assertThat(launcher.isDone(attempt)).isFalse();
  }

  @Test
  void launchingTwiceBeginsTheWorkOnce() throws IOException {
    launcher.ensure(launch());
    launcher.ensure(launch());
    awaitBegun();
    launcher.ensure(launch());
    assertThat(launcher.isThere(attempt)).isTrue();
    assertThat(launcher.wasStarted(attempt)).isTrue();
    go();
    await().atMost(LIMIT).until(() -> !launcher.isThere(attempt));
    assertThat(begun()).hasSize(1);
  }

  @Test
  void aServerThatComesBackFindsWhatRuns() throws IOException {
    launcher.ensure(launch());
    awaitBegun();
    var next = launcher(folder);
    assertThat(next.isThere(attempt)).isTrue();
    next.ensure(launch());
    go();
    await().atMost(LIMIT).until(() -> !next.isThere(attempt));
    assertThat(begun()).hasSize(1);
  }

  @Test
  void twoServersAtOnceBeginTheWorkOnce() throws IOException {
    var other = launcher(folder);
    launcher.ensure(launch());
    other.ensure(launch());
    awaitBegun();
    go();
    await().atMost(LIMIT).until(() -> !launcher.isThere(attempt) && !other.isThere(attempt));
    assertThat(begun()).hasSize(1);
  }

  @Test
  void aKilledRunnerIsNotThereAndItsWorkIsNotBegunAgain() throws IOException {
    launcher.ensure(launch());
    awaitBegun();
    kill(folder, attempt);
    await().atMost(LIMIT).until(() -> !launcher.isThere(attempt));
    assertThat(launcher.wasStarted(attempt)).isTrue();
    assertThat(launcher.isDone(attempt)).isFalse();
    launcher.resume(attempt);
    await().atMost(LIMIT).until(() -> launcher.isDone(attempt));
    assertThat(begun()).hasSize(1);
    assertThat(launcher(folder).kept()).containsExactly(attempt);
  }

  @Test
  void stoppingEndsTheRunner() {
    launcher.ensure(launch());
    awaitBegun();
    launcher.stop(attempt);
    launcher.stop(attempt);
    await().atMost(LIMIT).until(() -> !launcher.isThere(attempt));
  }

  @Test
  void aForgottenAttemptLeavesNothing() throws IOException {
    launcher.ensure(launch());
    awaitBegun();
    go();
    await().atMost(LIMIT).until(() -> !launcher.isThere(attempt));
    launcher.forget(attempt);
    assertThat(launcher.wasStarted(attempt)).isFalse();
    assertThat(launcher.isDone(attempt)).isFalse();
    assertThat(launcher.kept()).isEmpty();
  }
}

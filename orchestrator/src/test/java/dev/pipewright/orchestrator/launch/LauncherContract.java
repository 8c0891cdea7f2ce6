package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.TaskReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every launcher keeps. The work that is launched writes a line into [#marks] when it begins,
/// lasts until the file `go` is there, and then is done.
abstract class LauncherContract {
  static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;

  final UUID attempt = UUID.randomUUID();
  final List<TaskReport> heard = new CopyOnWriteArrayList<>();
  private final List<Launcher> made = new ArrayList<>();
  volatile boolean stores = true;
  Launcher launcher;

  /// A launcher, as a server that has just started makes it.
  abstract Launcher launcher(Path folder, Launcher.Listener listener);

  /// Kills what runs the attempt the hard way.
  abstract void kill(Path folder, UUID attempt) throws IOException;

  /// What to run so that it does what the contract says.
  abstract TaskLaunch launch(UUID attempt);

  /// Leaves nothing running.
  abstract void clear(Path folder) throws IOException;

  Launcher another() {
    var listener =
        new Launcher.Listener() {
          @Override
          public void heard(List<TaskReport> reports, Runnable stored) {
            if (stores) {
              heard.addAll(reports);
              stored.run();
            }
          }

          @Override
          public void changed() {}
        };
    var next = launcher(folder, listener);
    made.add(next);
    return next;
  }

  @BeforeEach
  void make() {
    launcher = another();
  }

  @AfterEach
  void leaveNothing() throws IOException {
    made.forEach(Launcher::close);
    clear(folder);
  }

  final TaskLaunch launch(List<String> command, Map<String, String> env) {
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
        command,
        Map.of(),
        Map.of(),
        List.of(),
        env,
        folder.resolve("checkpoints").toString(),
        null,
        false,
        "http://127.0.0.1:1",
        bootstrap(),
        Map.of(),
        false,
        1_000,
        TaskLaunch.Limits.NONE,
        null);
  }

  abstract String bootstrap();

  final Map<String, String> surroundings() {
    return Map.of("MARKS", marks().toString(), "GO", folder.resolve("go").toString());
  }

  private Path marks() {
    return folder.resolve("marks");
  }

  List<String> begun() throws IOException {
    return Files.exists(marks()) ? Files.readAllLines(marks()) : List.of();
  }

  static ConditionFactory within() {
    return await().atMost(LIMIT).pollInterval(Duration.ofMillis(20));
  }

  void launchAndAwait(Launcher by) throws InterruptedException {
    assertThat(by.ready()).isTrue();
    by.ensure(launch(attempt), Map.of());
    within().until(() -> !begun().isEmpty());
  }

  void go() throws IOException {
    Files.writeString(folder.resolve("go"), "");
  }

  void awaitEnd(Launcher of) {
    within().until(() -> of.ready() && !of.isThere(attempt));
  }

  @Test
  void anAttemptThatWasNeverLaunchedIsNowhere() throws InterruptedException {
    assertThat(launcher.ready()).isTrue();
    assertThat(launcher.isThere(attempt)).isFalse();
    assertThat(launcher.wasStarted(attempt)).isFalse();
    assertThat(launcher.isDone(attempt)).isFalse();
  }

  @Test
  void launchingTwiceBeginsTheWorkOnce() throws Exception {
    launchAndAwait(launcher);
    launcher.ensure(launch(attempt), Map.of());
    assertThat(launcher.isThere(attempt)).isTrue();
    assertThat(launcher.wasStarted(attempt)).isTrue();
    go();
    awaitEnd(launcher);
    assertThat(begun()).hasSize(1);
  }

  @Test
  void aServerThatComesBackFindsWhatRuns() throws Exception {
    launchAndAwait(launcher);
    var next = another();
    assertThat(next.ready()).isTrue();
    assertThat(next.isThere(attempt)).isTrue();
    next.ensure(launch(attempt), Map.of());
    go();
    awaitEnd(next);
    assertThat(begun()).hasSize(1);
  }

  @Test
  void aKilledOneIsNotBegunAgain() throws Exception {
    launchAndAwait(launcher);
    kill(folder, attempt);
    within()
        .until(() -> {
          if (launcher.ready()
              && !launcher.isThere(attempt)
              && launcher.wasStarted(attempt)
              && !launcher.isDone(attempt)) {
            launcher.resume(attempt);
          }
          return isOver();
        });
    assertThat(begun()).hasSize(1);
  }

  private boolean isOver() throws InterruptedException {
    return launcher.ready()
        && !launcher.isThere(attempt)
        && (launcher.isDone(attempt) || launcher.kept().isEmpty());
  }

  @Test
  void stoppingEndsIt() throws Exception {
    launchAndAwait(launcher);
    launcher.stop(attempt);
    launcher.stop(attempt);
    awaitEnd(launcher);
  }

  @Test
  void aForgottenAttemptLeavesNothing() throws Exception {
    launchAndAwait(launcher);
    go();
    within().until(this::isOver);
    launcher.forget(attempt);
    assertThat(launcher.wasStarted(attempt)).isFalse();
    assertThat(launcher.isDone(attempt)).isFalse();
    assertThat(launcher.kept()).isEmpty();
  }
}

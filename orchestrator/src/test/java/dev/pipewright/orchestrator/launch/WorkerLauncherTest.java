package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Topics;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.embedded.TestKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Attempts that the worker runs: the real one, with a real broker.
class WorkerLauncherTest extends LauncherContract {
  private static final String UNTIL_GO =
      "echo begun >>\"$MARKS\"; while [ ! -e \"$GO\" ]; do sleep 0.05; done";

  @BeforeAll
  static void topics() throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", TestKafka.shared().bootstrap()))) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(Topics.RUN_EVENTS, 1, (short) 1),
                  new NewTopic(Topics.TASK_REPORTS, 1, (short) 1)))
          .all()
          .get();
    }
  }

  static List<String> java(String main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        main);
  }

  static List<String> worker() {
    var command = new ArrayList<>(java("dev.pipewright.runner.Main"));
    command.add("worker");
    return command;
  }

  static void kill(Path lock) throws IOException {
    if (Files.exists(lock) && LocalWorker.isHeld(lock)) {
      ProcessHandle.of(Long.parseLong(Files.readString(lock).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
      within().until(() -> !LocalWorker.isHeld(lock));
    }
  }

  @Override
  Launcher launcher(Path folder, Launcher.Listener listener) {
    return launcher(folder, "test", listener);
  }

  private static Launcher launcher(Path folder, String build, Launcher.Listener listener) {
    return new LocalLauncher(
        new HomeFolder(folder),
        new LocalLauncher.Commands(worker(), build, limits -> List.of("false")),
        Clock.systemUTC(),
        listener);
  }

  @Override
  TaskLaunch launch(UUID attempt) {
    return shell(UNTIL_GO);
  }

  private TaskLaunch shell(String script) {
    var env = new HashMap<>(surroundings());
    // There is no tracker to wait for.
    env.put("MLFLOW_TRACKING_URI", "http://127.0.0.1:1");
    return launch(List.of("sh", "-c", script), env);
  }

  private static TaskLaunch withSecret(TaskLaunch launch) {
    return new TaskLaunch(
        launch.attemptId(),
        1,
        "pipeline",
        1,
        launch.pipelineRunId(),
        "task",
        launch.trackedRunId(),
        launch.parentRunId(),
        "pipeline",
        null,
        launch.command(),
        launch.inputs(),
        launch.outputs(),
        launch.files(),
        launch.env(),
        launch.checkpoints(),
        null,
        false,
        launch.trackerUrl(),
        launch.kafkaBootstrap(),
        Map.of("TOKEN", "HUB_TOKEN"),
        false,
        1_000,
        TaskLaunch.Limits.NONE,
        null);
  }

  @Override
  String bootstrap() {
    return TestKafka.shared().bootstrap();
  }

  @Override
  void kill(Path folder, UUID attempt) throws IOException {
    kill(new HomeFolder(folder).workerLock());
  }

  @Override
  void clear(Path folder) throws IOException {
    kill(new HomeFolder(folder).workerLock());
    // Whatever of the test's is left ends by itself.
    go();
  }

  private TaskFinished end() {
    within().until(() -> heard.stream().anyMatch(TaskReport::hasFinished));
    return heard.stream().filter(TaskReport::hasFinished).findFirst().orElseThrow().getFinished();
  }

  private TaskFinished run(TaskLaunch launch, Map<String, String> secrets)
      throws InterruptedException {
    assertThat(launcher.ready()).isTrue();
    launcher.ensure(launch, secrets);
    return end();
  }

  @Test
  void whatIsStoredIsSaidOnceAndThenNothingIsKept() throws Exception {
    launchAndAwait(launcher);
    within().until(() -> heard.stream().anyMatch(TaskReport::hasStarted));
    go();
    assertThat(end().getOutcome()).isEqualTo(Outcome.OUTCOME_SUCCEEDED);
    awaitEnd(launcher);
    assertThat(launcher.kept()).isEmpty();
    assertThat(heard.stream().filter(report -> !report.hasAlive()).map(TaskReport::getSeq))
        .containsExactly(1L, 2L);
  }

  @Test
  void whatIsNotStoredGoesOverKafkaAndIsKept() throws Exception {
    stores = false;
    launchAndAwait(launcher);
    go();
    awaitEnd(launcher);
    assertThat(launcher.isDone(attempt)).isTrue();
    assertThat(launcher.kept()).containsExactly(attempt);
  }

  @Test
  void aServerThatComesBackHearsWhatTheOneBeforeDidNotStore() throws Exception {
    stores = false;
    launchAndAwait(launcher);
    stores = true;
    assertThat(another().ready()).isTrue();
    go();
    assertThat(end().getOutcome()).isEqualTo(Outcome.OUTCOME_SUCCEEDED);
  }

  @Test
  void whatAKilledWorkerRanIsEndedAndReportedAsLost() throws Exception {
    assertThat(launcher.ready()).isTrue();
    launcher.ensure(
        shell("echo $$ >>\"$MARKS\"; setsid sleep 300 & echo $! >>\"$MARKS\"; wait"), Map.of());
    within().until(() -> begun().size() == 2);
    kill(folder, attempt);
    within().until(() -> launcher.ready() && heard.stream().anyMatch(TaskReport::hasFinished));
    assertThat(end().getOutcome()).isEqualTo(Outcome.OUTCOME_SYSTEM_FAILURE);
    assertThat(end().getCode()).isEqualTo("TASK_LOST");
    for (var pid : begun()) {
      within().until(() -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
    }
    awaitEnd(launcher);
    assertThat(heard.stream().filter(TaskReport::hasFinished)).hasSize(1);
    assertThat(launcher.kept()).isEmpty();
  }

  @Test
  void whoDoesNotStopIsKilledWithAllThatItStarted() throws Exception {
    assertThat(launcher.ready()).isTrue();
    launcher.ensure(
        shell("trap '' TERM; setsid sleep 300 & echo $! >>\"$MARKS\"; while :; do sleep 0.1; done"),
        Map.of());
    within().until(() -> begun().size() == 1);
    launcher.stop(attempt);
    assertThat(end().getOutcome()).isEqualTo(Outcome.OUTCOME_CANCELLED);
    var started = Long.parseLong(begun().getFirst());
    within().until(() -> ProcessHandle.of(started).isEmpty());
  }

  @Test
  void aWorkerOfAnotherBuildEndsItsWorkAndMakesWay() throws Exception {
    launchAndAwait(launcher);
    var next =
        launcher(
            folder,
            "newer",
            new Launcher.Listener() {
              @Override
              public void heard(List<TaskReport> reports, Runnable stored) {
                heard.addAll(reports);
                stored.run();
              }

              @Override
              public void changed() {}
            });
    try (next) {
      assertThat(next.ready()).isTrue();
      assertThat(next.accepts()).isFalse();
      assertThat(next.isThere(attempt)).isTrue();
      go();
      within().until(() -> next.ready() && next.accepts());
      assertThat(next.isThere(attempt)).isFalse();
      assertThat(heard.stream().filter(TaskReport::hasFinished)).hasSize(1);
    }
  }

  @Test
  void aSecretReachesTheCommandAndIsNotWrittenDown() throws Exception {
    var value = "v-" + UUID.randomUUID();
    stores = false;
    assertThat(launcher.ready()).isTrue();
    launcher.ensure(
        withSecret(shell("echo $TOKEN >>\"$MARKS\"; echo it is $TOKEN; " + UNTIL_GO)),
        Map.of("HUB_TOKEN", value));
    within().until(() -> begun().size() == 2);
    assertThat(begun().getFirst()).isEqualTo(value);
    go();
    awaitEnd(launcher);
    try (var files = Files.walk(new HomeFolder(folder).root())) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith("marks")) {
          assertThat(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1))
              .as(file.toString())
              .doesNotContain(value);
        }
      }
    }
  }

  @Test
  void aSecretThatIsNotThereIsAFailureWithItsRemedy() throws Exception {
    var end = run(withSecret(shell("true")), Map.of());
    assertThat(end.getOutcome()).isEqualTo(Outcome.OUTCOME_USER_FAILURE);
    assertThat(end.getCode()).isEqualTo("SECRET_NOT_FOUND");
    assertThat(end.getMessage()).contains("HUB_TOKEN").contains("TOKEN");
  }

  @Test
  void aCommandSeesNothingOfTheServersSurroundings() throws Exception {
    run(shell("env >>\"$MARKS\""), Map.of());
    assertThat(begun().stream().map(line -> line.split("=", 2)[0]))
        .contains("PATH", "TMPDIR", "PIPEWRIGHT_RUN_ID", "PIPEWRIGHT_OUTPUTS", "MARKS")
        .allMatch(name ->
            name.matches(
                "PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_.*|TZ|TMPDIR|PWD|OLDPWD|SHLVL|_|PYTHONUNBUFFERED"
                    + "|CUDA_VISIBLE_DEVICES|MARKS|GO|MLFLOW_.*|PIPEWRIGHT_(INPUTS|OUTPUTS|ARTIFACTS|MODELS"
                    + "|CHECKPOINTS|URL|RUN_ID|ATTEMPT_ID)"));
  }
}

package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Attempts that get a process of their own.
class OwnProcessLauncherTest extends LauncherContract {
  @Override
  Launcher launcher(Path folder, Launcher.Listener listener) {
    return new LocalLauncher(
        new HomeFolder(folder),
        new LocalLauncher.Commands(
            WorkerLauncherTest.worker(),
            "test",
            limits -> WorkerLauncherTest.java(SmallestRunner.class.getName())),
        Clock.systemUTC(),
        listener);
  }

  @Override
  TaskLaunch launch(UUID attempt) {
    return with(TaskLaunch.Limits.NONE);
  }

  private TaskLaunch with(TaskLaunch.Limits limits) {
    var launch = launch(List.of(), surroundings());
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
        "pipewright/noop@v1",
        List.of(),
        launch.inputs(),
        launch.outputs(),
        launch.files(),
        launch.env(),
        launch.checkpoints(),
        null,
        false,
        launch.trackerUrl(),
        launch.kafkaBootstrap(),
        launch.secrets(),
        true,
        1_000,
        limits,
        null);
  }

  @Test
  void nativeCodeFindsItsSettingsBeforeTheProcessStarts() throws Exception {
    launchAndAwait(launcher);
    var home = new HomeFolder(folder);
    assertThat(Files.readAllLines(home.work().resolve(attempt.toString()).resolve("environment")))
        .contains(
            "OMP_NUM_THREADS=1",
            "OMP_WAIT_POLICY=passive",
            "CUDA_VISIBLE_DEVICES=",
            "DJL_OFFLINE=true",
            "OPT_OUT_TRACKING=true",
            "DJL_CACHE_DIR=" + home.nativeLibraries());
    go();
    awaitEnd(launcher);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"-, 1", "0.25, 1", "1, 1", "2.5, 2", "16, 16"})
  void itHasAsManyNativeThreadsAsItAskedForCores(Double cores, String threads) {
    var environment = new HashMap<>(Map.of("DJL_CACHE_DIR", "/image/cache"));
    NativeSettings.put(
        environment,
        with(new TaskLaunch.Limits(cores, null, List.of(0, 2))),
        new HomeFolder(folder));
    assertThat(environment)
        .containsEntry("OMP_NUM_THREADS", threads)
        .containsEntry("CUDA_VISIBLE_DEVICES", "0,2")
        .containsEntry("DJL_CACHE_DIR", "/image/cache");
  }

  @Override
  String bootstrap() {
    return "127.0.0.1:1";
  }

  @Override
  void kill(Path folder, UUID attempt) throws IOException {
    WorkerLauncherTest.kill(
        new HomeFolder(folder).work().resolve(attempt.toString()).resolve("runner.lock"));
  }

  @Override
  void clear(Path folder) throws IOException {
    var lock = new HomeFolder(folder).work().resolve(attempt.toString()).resolve("runner.lock");
    if (Files.exists(lock)) {
      WorkerLauncherTest.kill(lock);
    }
    WorkerLauncherTest.kill(new HomeFolder(folder).workerLock());
  }
}

package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.UUID;

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
        launch.limits());
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

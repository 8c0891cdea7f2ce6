package dev.pipewright.orchestrator.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.UUID;

class LocalLauncherTest extends LauncherContract {
  @Override
  Launcher launcher(Path folder) {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new LocalLauncher(
        folder.resolve("work"),
        List.of(
            java,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            SmallestRunner.class.getName()),
        Clock.systemUTC(),
        () -> {});
  }

  @Override
  void kill(Path folder, UUID attempt) throws IOException {
    var lock = folder.resolve("work").resolve(attempt.toString()).resolve("runner.lock");
    ProcessHandle.of(Long.parseLong(Files.readString(lock).strip()))
        .orElseThrow()
        .destroyForcibly();
  }
}

package dev.pipewright.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchdogTest {

  /// A test's JVM that is killed while its database runs.
  static final class Victim {
    public static void main(String[] args) throws InterruptedException {
      var postgres = TestPostgres.shared().server();
      System.out.println(postgres.pid());
      System.out.println(postgres.dataFolder());
      System.out.flush();
      Thread.currentThread().join();
    }
  }

  @Test
  void leavesNothingBehindWhenTheJvmIsKilled() throws IOException {
    var victim =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin/java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    Victim.class.getName()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    ProcessHandle postgres;
    Path folder;
    try (var said = victim.inputReader()) {
      postgres = ProcessHandle.of(Long.parseLong(said.readLine())).orElseThrow();
      folder = Path.of(said.readLine()).getParent();
      assertThat(Processes.alive(postgres)).isTrue();
    } finally {
      victim.destroyForcibly();
    }
    assertThat(Processes.ended(postgres, Duration.ofSeconds(20))).isTrue();
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (Files.exists(folder) && System.nanoTime() < deadline) {
      Processes.pause(Duration.ofMillis(50));
    }
    assertThat(folder).doesNotExist();
  }
}

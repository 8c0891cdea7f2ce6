package dev.pipewright.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupervisorTest {
  @Test
  void startsAgainWhatDied(@TempDir(cleanup = CleanupMode.NEVER) Path dir)
      throws IOException, InterruptedException {
    Watchdog.over(dir);
    var postgres = EmbeddedPostgres.start(dir, Progress.SILENT);
    int port = postgres.port();
    long pid = postgres.pid();
    var events = new LinkedBlockingQueue<String>();
    try (var _ = new Supervisor(List.of(postgres), recordingInto(events))) {
      EmbeddedPostgresTest.kill(pid);
      assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo("PostgreSQL died");
      assertThat(events.poll(60, TimeUnit.SECONDS)).isEqualTo("PostgreSQL restarted");
    }
    assertThat(postgres.alive()).isTrue();
    assertThat(postgres.port()).isEqualTo(port);
    assertThat(postgres.pid()).isNotEqualTo(pid);
    postgres.stop();
    assertThat(events).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1, PT0.5S", "2, PT1S", "3, PT2S", "6, PT16S", "7, PT30S", "100, PT30S"})
  void pausesLongerAfterEachDeath(int deaths, Duration pause) {
    assertThat(Supervisor.pause(deaths)).isEqualTo(pause);
  }

  private static Supervisor.Listener recordingInto(LinkedBlockingQueue<String> events) {
    return new Supervisor.Listener() {
      @Override
      public void died(EmbeddedProcess process) {
        events.add(process.name() + " died");
      }

      @Override
      public void restarted(EmbeddedProcess process) {
        events.add(process.name() + " restarted");
      }

      @Override
      public void failed(EmbeddedProcess process, ProblemException why, Duration next) {
        events.add(process.name() + " failed: " + why.getMessage());
      }
    };
  }
}

package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessTreeTest {
  private static final String LEAVES_A_CHILD = "sleep 300 >/dev/null 2>&1 & echo $!";

  @TempDir Path folder;

  private long childOfAnEndedCommand(Path remembered) throws IOException, InterruptedException {
    var process = ProcessTree.start(new ProcessBuilder("sh", "-c", LEAVES_A_CHILD), remembered);
    var child =
        Long.parseLong(
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
    assertThat(process.waitFor()).isZero();
    assertThat(isThere(child)).as("the child outlives the command").isTrue();
    ended = process;
    return child;
  }

  private Process ended;

  private static boolean isThere(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  @Test
  void whatACommandLeftRunningEndsWithIt() throws IOException, InterruptedException {
    long child = childOfAnEndedCommand(folder.resolve("pid"));
    ProcessTree.of(ended).kill();
    await().atMost(Duration.ofSeconds(10)).until(() -> !isThere(child));
  }

  @Test
  void aLaterRunnerFindsWhatAKilledOneLeft() throws IOException, InterruptedException {
    var remembered = folder.resolve("pid");
    long child = childOfAnEndedCommand(remembered);
    ProcessTree.killRemembered(remembered);
    await().atMost(Duration.ofSeconds(10)).until(() -> !isThere(child));
    assertThat(remembered).doesNotExist();
  }
}

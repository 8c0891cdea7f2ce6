package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ProcessTreeTest {
  private static final String LEAVES_A_CHILD = "sleep 300 >/dev/null 2>&1 & echo $!";

  /// In a session of its own, in another folder, and with nobody to look after it.
  private static final String LEAVES_ONE_THAT_LEFT =
      "setsid sleep 300 >/dev/null 2>&1 & sleep 0.2; echo $!";

  private static final String ATTEMPT = UUID.randomUUID().toString();

  @TempDir Path folder;

  private long childOfAnEndedCommand(String script, Path remembered)
      throws IOException, InterruptedException {
    var tree = ProcessTree.start(new ProcessBuilder("sh", "-c", script), ATTEMPT, remembered, null);
    var process = tree.process();
    var child =
        Long.parseLong(
            new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
    assertThat(process.waitFor()).isZero();
    assertThat(isThere(child)).as("the child outlives the command").isTrue();
    ended = tree;
    return child;
  }

  private ProcessTree ended;

  private static boolean isThere(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  /// It may be gone before, while or after it is remembered.
  @Test
  void aCommandThatTakesNoTimeIsNoTrouble() throws IOException, InterruptedException {
    var remembered = folder.resolve("pid");
    for (int i = 0; i < 300; i++) {
      var tree = ProcessTree.start(new ProcessBuilder("true"), ATTEMPT, remembered, null);
      assertThat(tree.process().waitFor()).isZero();
      assertThat(remembered).content().startsWith(tree.process().pid() + " ");
    }
    ProcessTree.killRemembered(ATTEMPT, remembered);
    assertThat(remembered).doesNotExist();
  }

  @Test
  void whatACommandLeftRunningEndsWithIt() throws IOException, InterruptedException {
    long child = childOfAnEndedCommand(LEAVES_A_CHILD, folder.resolve("pid"));
    assertThat(ended.killLeft()).isTrue();
    await().atMost(Duration.ofSeconds(10)).until(() -> !isThere(child));
  }

  @Test
  void aLaterRunnerFindsWhatAKilledOneLeft() throws IOException, InterruptedException {
    var remembered = folder.resolve("pid");
    long child = childOfAnEndedCommand(LEAVES_A_CHILD, remembered);
    ProcessTree.killRemembered(ATTEMPT, remembered);
    await().atMost(Duration.ofSeconds(10)).until(() -> !isThere(child));
    assertThat(remembered).doesNotExist();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whatLeftTheSessionIsFoundByItsMark() throws IOException, InterruptedException {
    long child = childOfAnEndedCommand(LEAVES_ONE_THAT_LEFT, folder.resolve("pid"));
    ended.kill();
    await().atMost(Duration.ofSeconds(10)).until(() -> !isThere(child));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void alsoByALaterRunnerThatKnowsNoNumber() throws IOException, InterruptedException {
    long child = childOfAnEndedCommand(LEAVES_ONE_THAT_LEFT, folder.resolve("pid"));
    ProcessTree.killRemembered(ATTEMPT, folder.resolve("never-written"));
    await().atMost(Duration.ofSeconds(10)).until(() -> !isThere(child));
  }

  @Test
  void beingAskedToEndACommandMayClearUp() throws IOException, InterruptedException {
    var tree =
        ProcessTree.start(
            new ProcessBuilder(
                "sh",
                "-c",
                "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.05; done"),
            ATTEMPT,
            folder.resolve("pid"),
            null);
    var said = tree.process().inputReader();
    assertThat(said.readLine()).isEqualTo("up");
    tree.terminate();
    assertThat(tree.process().waitFor()).isEqualTo(3);
    assertThat(said.lines()).as("once").containsExactly("asked");
  }
}

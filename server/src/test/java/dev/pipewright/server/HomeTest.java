package dev.pipewright.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.home.RunningServer;
import dev.pipewright.contract.home.StartupStep.Phase;
import dev.pipewright.contract.home.StartupStep.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HomeTest {
  private static final RunningServer SERVER =
      new RunningServer(
          ProcessHandle.current().pid(),
          8080,
          "http://127.0.0.1:8080",
          Instant.parse("2026-01-01T00:00:00Z"),
          true,
          true);

  @TempDir Path dir;

  @Test
  void isMadeForItsOwnerAlone() throws IOException {
    var folder = new HomeFolder(dir.resolve("a/b"));
    try (var home = Home.take(folder)) {
      assertThat(home.folder().marker()).exists();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.root())))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void isTakenAgainAfterItWasGivenBack() throws IOException {
    var folder = new HomeFolder(dir.resolve("home"));
    for (int start = 1; start <= 2; start++) {
      Home.requireUsable(folder);
      try (var home = Home.take(folder)) {
        home.ready(SERVER);
        assertThat(folder.running()).contains(SERVER);
      }
      assertThat(folder.running()).isEmpty();
      assertThat(folder.server()).doesNotExist();
    }
  }

  @Test
  void forgetsAServerThatWasKilled() throws IOException {
    var folder = new HomeFolder(dir.resolve("home"));
    Home.take(folder).close();
    // A killed server cannot remove its file; its lock is gone all the same.
    Files.writeString(folder.server(), "{\"pid\":1,\"port\":8080,\"url\":\"http://x\"}");
    assertThat(folder.running()).isEmpty();
    try (var _ = Home.take(folder)) {
      assertThat(folder.server()).doesNotExist();
    }
  }

  @Test
  void hasOneServerAtATime() throws IOException {
    var folder = new HomeFolder(dir.resolve("home"));
    try (var home = Home.take(folder)) {
      home.ready(SERVER);
      for (Runnable second :
          new Runnable[] {() -> Home.requireUsable(folder), () -> Home.take(folder)}) {
        assertThatThrownBy(second::run)
            .isInstanceOf(ProblemException.class)
            .hasMessageStartingWith("ALREADY_RUNNING: ")
            .hasMessageContaining("process " + SERVER.pid() + ", at " + SERVER.url());
      }
    }
  }

  @Test
  void namesAServerThatIsNotReadyYet() throws IOException {
    var folder = new HomeFolder(dir.resolve("home"));
    try (var _ = Home.take(folder)) {
      assertThatThrownBy(() -> Home.requireUsable(folder))
          .hasMessageContaining("process " + SERVER.pid() + ", starting or stopping");
    }
  }

  @Test
  void recordsTheStepsOfItsOwnStart() throws IOException {
    var folder = new HomeFolder(dir.resolve("home"));
    try (var home = Home.take(folder)) {
      home.report(Phase.POSTGRES, State.STARTING, null);
      home.report(Phase.POSTGRES, State.READY, "done");
      Files.writeString(folder.startup(), Files.readString(folder.startup()) + "{\"half");
      var steps = folder.steps(SERVER.pid());
      assertThat(steps).extracting("state").containsExactly(State.STARTING, State.READY);
      assertThat(steps).extracting("message").containsExactly(null, "done");
      assertThat(folder.steps(1)).isEmpty();
    }
  }

  @Test
  void isNotAFile() throws IOException {
    var file = Files.writeString(dir.resolve("file"), "x");
    assertThatThrownBy(() -> Home.requireUsable(new HomeFolder(file)))
        .hasMessageStartingWith("HOME_NOT_WRITABLE: ");
    assertThatThrownBy(() -> Home.take(new HomeFolder(file.resolve("below"))))
        .hasMessageStartingWith("HOME_NOT_WRITABLE: ")
        .hasMessageContaining(file.toString());
  }

  @Test
  void isNotSomebodyElsesFolder() throws IOException {
    Files.writeString(dir.resolve("thesis.tex"), "x");
    var folder = new HomeFolder(dir);
    assertThatThrownBy(() -> Home.take(folder))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("HOME_NOT_OURS: ")
        .hasMessageContaining("thesis.tex");
    assertThat(dir)
        .isDirectoryContaining("glob:**thesis.tex")
        .isDirectoryNotContaining("glob:**.json");
  }

  @Test
  void mayBeAnEmptyFolderOrOneWithAHalfWrittenMarker() throws IOException {
    Files.writeString(dir.resolve("pipewright.json.tmp"), "{\"lay");
    try (var home = Home.take(new HomeFolder(dir))) {
      assertThat(home.folder().marker()).exists();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"layout\":2} | says layout 2, and this version knows layouts up to 1",
        "{\"layout\" | cannot be read",
        "{} | does not say which layout the folder has",
      })
  void saysWhatIsWrongWithItsMarker(String marker, String message) throws IOException {
    Files.writeString(dir.resolve("pipewright.json"), marker);
    assertThatThrownBy(() -> Home.take(new HomeFolder(dir)))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("HOME_DAMAGED: ")
        .hasMessageContaining(message);
  }
}

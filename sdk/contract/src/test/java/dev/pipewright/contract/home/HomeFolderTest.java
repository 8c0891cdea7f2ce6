package dev.pipewright.contract.home;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HomeFolderTest {
  @Test
  void itIsWhereTheSettingSaysOrBelowTheHomeOfTheShell() {
    assertThat(HomeFolder.from(Map.of("PIPEWRIGHT_HOME", "/a/b", "HOME", "/h")).root())
        .isEqualTo(Path.of("/a/b"));
    assertThat(HomeFolder.from(Map.of("HOME", "/h")).root()).isEqualTo(Path.of("/h/.pipewright"));
    assertThat(HomeFolder.from(Map.of()).root())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".pipewright"));
  }
}

package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
  @TempDir Path home;

  private Secrets secrets(Map<String, String> environment) throws IOException {
    return new Secrets(Files.createDirectories(home.resolve("secrets")), environment);
  }

  @Test
  void fromTheEnvironmentOrElseTheFolder() throws IOException {
    var secrets = secrets(Map.of("PIPEWRIGHT_SECRET_A", "of the environment"));
    Files.writeString(home.resolve("secrets/A"), "of the file");
    Files.writeString(home.resolve("secrets/B"), "two\nlines\n");
    assertThat(secrets.find(List.of("A", "B", "C")))
        .isEqualTo(Map.of("A", "of the environment", "B", "two\nlines"));
  }

  @Test
  void aNameIsNeverAPath() throws IOException {
    Files.writeString(home.resolve("other"), "x");
    assertThat(secrets(Map.of()).find(List.of("../other", "other", "/etc/hostname"))).isEmpty();
  }
}

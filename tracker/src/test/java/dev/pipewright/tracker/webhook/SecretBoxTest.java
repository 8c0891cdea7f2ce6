package dev.pipewright.tracker.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.platform.SecretBox.WrongKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretBoxTest {
  private static final UUID HOOK = UUID.randomUUID();

  @TempDir Path home;

  @Test
  void aSecretComesBackAfterARestart() throws Exception {
    var sealed = new SecretBox(home).seal(HOOK, "s3cret");
    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("s3cret");
    assertThat(new SecretBox(home).open(HOOK, sealed)).asString().isEqualTo("s3cret");
  }

  @Test
  void onlyTheOwnerReadsTheKey() throws Exception {
    new SecretBox(home).seal(HOOK, "s3cret");
    assertThat(Files.getPosixFilePermissions(home.resolve(SecretBox.FILE)))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    try (var files = Files.list(home)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void anotherKeyOrAnotherWebhookOpensNothing() throws Exception {
    var box = new SecretBox(home);
    var sealed = box.seal(HOOK, "s3cret");
    assertThatThrownBy(() -> box.open(UUID.randomUUID(), sealed))
        .isInstanceOf(WrongKey.class)
        .hasMessageContaining(SecretBox.FILE);
    Files.delete(home.resolve(SecretBox.FILE));
    assertThatThrownBy(() -> new SecretBox(home).open(HOOK, sealed)).isInstanceOf(WrongKey.class);
  }
}

package dev.pipewright.tracker.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.platform.KeyFile;
import dev.pipewright.tracker.mlflow.wire.ErrorCode;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignedAddressesTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir Path home;

  private SignedAddresses at(Instant now) {
    return new SignedAddresses(
        new KeyFile(home.resolve(SignedAddresses.FILE)), Clock.fixed(now, ZoneOffset.UTC));
  }

  private static String part(String query, String name) {
    return query.replaceFirst(".*\\b" + name + "=([^&]*).*", "$1");
  }

  private void check(Instant now, String method, String path, String query) {
    at(now).check(method, path, part(query, "expires"), part(query, "signature"));
  }

  @Test
  void isGoodUntilItExpires() {
    var query = at(NOW).query("GET", "0/a b", Duration.ofMinutes(15));
    check(NOW.plusSeconds(15 * 60 - 1), "GET", "0/a b", query);
    assertThatThrownBy(() -> check(NOW.plusSeconds(15 * 60), "GET", "0/a b", query))
        .isInstanceOfSatisfying(
            MlflowError.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.PERMISSION_DENIED))
        .hasMessageContaining("has expired at 2026-01-02T03:19:05Z. Ask for another one.");
  }

  @ParameterizedTest
  @CsvSource({"PUT, 0/a, 900", "GET, 0/b, 900", "GET, 0/a, 901"})
  void isForOneMethodOneFileAndOneTime(String method, String path, long seconds) {
    var query = at(NOW).query("GET", "0/a", Duration.ofSeconds(900));
    var other =
        query.replaceFirst("expires=\\d+", "expires=" + NOW.plusSeconds(seconds).getEpochSecond());
    assertThatThrownBy(() -> check(NOW, method, path, other))
        .hasMessageContaining("The signature of the address is not for " + method);
  }

  @Test
  void isOfNoUseWithAnotherKey() throws Exception {
    var query = at(NOW).query("GET", "0/a", Duration.ofSeconds(900));
    var file = home.resolve(SignedAddresses.FILE);
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    Files.delete(file);
    assertThatThrownBy(() -> check(NOW, "GET", "0/a", query))
        .hasMessageContaining("signature of the address");
  }

  @Test
  void addressesWithoutSignatureAreNotItsMatter() {
    at(NOW).check("GET", "0/a", null, null);
    assertThatThrownBy(() -> at(NOW).check("GET", "0/a", "1", null))
        .hasMessageContaining("signature of the address");
  }
}

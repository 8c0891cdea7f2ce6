package dev.pipewright.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final Path LIB = Path.of("/dist");

  @Test
  void haveDefaults() {
    var settings = Settings.from(Map.of("PIPEWRIGHT_PORT", " "), LIB);
    assertThat(settings.home().root())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".pipewright"));
    assertThat(settings.url(settings.port())).isEqualTo("http://127.0.0.1:8080");
    assertThat(settings.database()).isEmpty();
    assertThat(settings.kafkaBootstrap()).isEmpty();
    assertThat(settings.lib()).isEqualTo(LIB);
  }

  @Test
  void areReadFromTheEnvironment() {
    var settings =
        Settings.from(
            Map.of(
                "PIPEWRIGHT_HOME", "/data/pipewright",
                "PIPEWRIGHT_HOST", "::1",
                "PIPEWRIGHT_PORT", "9000",
                "PIPEWRIGHT_DATABASE_URL", "jdbc:postgresql://db:5432/p",
                "PIPEWRIGHT_DATABASE_USER", "u",
                "PIPEWRIGHT_DATABASE_PASSWORD", "s",
                "PIPEWRIGHT_KAFKA_BOOTSTRAP", "a:9092,b:9092",
                "PIPEWRIGHT_LIB", "/opt/pipewright"),
            LIB);
    assertThat(settings.home().root()).isEqualTo(Path.of("/data/pipewright"));
    assertThat(settings.url(settings.port())).isEqualTo("http://[0:0:0:0:0:0:0:1]:9000");
    assertThat(settings.database())
        .contains(new Settings.Database("jdbc:postgresql://db:5432/p", "u", "s"));
    assertThat(settings.kafkaBootstrap()).contains("a:9092,b:9092");
    assertThat(settings.lib()).isEqualTo(Path.of("/opt/pipewright"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PIPEWRIGHT_PORT | http | SETTING_INVALID: PIPEWRIGHT_PORT=http is not a number from 0 to 65535.",
        "PIPEWRIGHT_PORT | 65536 | SETTING_INVALID: PIPEWRIGHT_PORT=65536 is not a number from 0 to 65535.",
        "PIPEWRIGHT_PORT | -1 | SETTING_INVALID: PIPEWRIGHT_PORT=-1 is not a number from 0 to 65535.",
        "PIPEWRIGHT_HOST | 0.0.0.0 | HOST_NOT_LOOPBACK: PIPEWRIGHT_HOST=0.0.0.0 is reachable from outside",
        "PIPEWRIGHT_HOST | :: | HOST_NOT_LOOPBACK: PIPEWRIGHT_HOST=:: is reachable from outside",
        "PIPEWRIGHT_HOST | 192.0.2.1 | HOST_NOT_LOOPBACK: PIPEWRIGHT_HOST=192.0.2.1 is reachable",
        "PIPEWRIGHT_DATABASE_URL | mysql://x | SETTING_INVALID: PIPEWRIGHT_DATABASE_URL does not start with",
        "PIPEWRIGHT_BLOBS_STORE | S4 | SETTING_INVALID: PIPEWRIGHT_BLOBS_STORE=S4 is neither local nor s3.",
        "PIPEWRIGHT_BLOBS_STORE | s3 | SETTING_INVALID: PIPEWRIGHT_BLOBS_STORE=s3, but PIPEWRIGHT_BLOBS_BUCKET is not set.",
        "PIPEWRIGHT_BLOBS_BUCKET | b | SETTING_INVALID: PIPEWRIGHT_BLOBS_BUCKET is set, but PIPEWRIGHT_BLOBS_STORE is not s3.",
        "PIPEWRIGHT_BLOBS_ENDPOINT | minio | SETTING_INVALID: PIPEWRIGHT_BLOBS_ENDPOINT=minio is not of the form https://host:port.",
        "PIPEWRIGHT_BLOBS_PATH_STYLE | yes | SETTING_INVALID: PIPEWRIGHT_BLOBS_PATH_STYLE=yes is neither true nor false.",
        "PIPEWRIGHT_RETENTION_RUNS_OLDER_THAN | 0d | SETTING_INVALID: PIPEWRIGHT_RETENTION_RUNS_OLDER_THAN=0d is not a time such as 90d or 12h.",
        "PIPEWRIGHT_BLOBS_GRACE | soon | SETTING_INVALID: PIPEWRIGHT_BLOBS_GRACE=soon is not a time such as 24h, 90m or 7d.",
        "PIPEWRIGHT_DATABASE_USER | x | SETTING_INVALID: PIPEWRIGHT_DATABASE_USER is set, but PIPEWRIGHT_DATABASE_URL is not.",
        "PIPEWRIGHT_KAFKA_BOOTSTRAP | kafka | SETTING_INVALID: PIPEWRIGHT_KAFKA_BOOTSTRAP=kafka is not of the form",
        "PIPEWRIGHT_KAFKA_BOOTSTRAP | a:1, b:2 | SETTING_INVALID: PIPEWRIGHT_KAFKA_BOOTSTRAP=a:1, b:2 is not of the form",
      })
  void refuseWhatCannotWork(String name, String value, String message) {
    assertThatThrownBy(() -> Settings.from(Map.of(name, value), LIB))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void doNotShowThePasswordInTheAddress() {
    assertThatThrownBy(() ->
            Settings.from(Map.of("PIPEWRIGHT_DATABASE_URL", "postgres://u:hunter2@db/x"), LIB))
        .message()
        .doesNotContain("hunter2");
  }
}

package dev.pipewright.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalServerTest {

  @Test
  void readsTheProblemAServerPrinted() {
    var problem =
        LocalServer.problemIn(
                """
                WARNING: something of the JVM's
                KAFKA_FAILED: The broker did not start. Its log ends with:
                2026-01-01 ERROR: no space left
                java.io.IOException
                  Read its log.
                """)
            .orElseThrow()
            .problem();
    assertThat(problem.code()).isEqualTo("KAFKA_FAILED");
    assertThat(problem.detail())
        .isEqualTo(
            "The broker did not start. Its log ends with:\n"
                + "2026-01-01 ERROR: no space left\n"
                + "java.io.IOException");
    assertThat(problem.remedy()).isEqualTo("Read its log.");
  }

  @Test
  void knowsARemedyWhereNoneWasPrinted() {
    assertThat(
            LocalServer.problemIn("PORT_IN_USE: Port 1 is used.").orElseThrow().problem().remedy())
        .isEqualTo("Stop it or set PIPEWRIGHT_PORT.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Killed", "Error: Could not find or load main class", "NO_SUCH: code"})
  void findsNoProblemInOtherWords(String said) {
    assertThat(LocalServer.problemIn(said)).isEmpty();
  }
}

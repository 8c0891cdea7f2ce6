package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "1000, 1000",
    "4Gi, 4294967296",
    "512M, 512000000",
    "1.5G, 1500000000",
    "0.5Mi, 524288",
    "2k, 2000",
  })
  void inBytes(String text, long bytes) {
    assertThat(Quantity.bytes(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "much", "4 Gi", "-1G", "4GiB"})
  void nothingElse(String text) {
    assertThatThrownBy(() -> Quantity.bytes(text)).hasMessageContaining("'" + text + "'");
  }
}

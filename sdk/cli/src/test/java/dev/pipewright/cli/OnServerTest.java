package dev.pipewright.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnServerTest {
  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8080, http://127.0.0.1:8080",
    "https://ml.example.org/, https://ml.example.org",
    "https://ml.example.org/pipewright, https://ml.example.org/pipewright",
  })
  void takesAnAddress(String address, String taken) {
    assertThat(OnServer.checked(address)).isEqualTo(taken);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:8080", "localhost", "ftp://a", "http://", "http://a b"})
  void refusesWhatIsNone(String address) {
    assertThatThrownBy(() -> OnServer.checked(address))
        .hasMessage(
            "SETTING_INVALID: PIPEWRIGHT_URL is '"
                + address
                + "', which is no address of a server.");
  }
}

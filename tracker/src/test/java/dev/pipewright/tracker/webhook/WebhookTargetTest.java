package dev.pipewright.tracker.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebhookTargetTest {
  private final WebhookTarget strict = new WebhookTarget(false, false);

  @ParameterizedTest
  @CsvSource({
    "https://8.8.8.8/hook, 443",
    "https://8.8.8.8:8443/hook, 8443",
    "http://127.0.0.1:9000/, 9000",
    "http://[::1]/, 80"
  })
  void sendsToTheInternetAndToThisMachine(String url, int port) throws Exception {
    assertThat(strict.of(url).port()).isEqualTo(port);
  }

  @ParameterizedTest
  @CsvSource({
    "ftp://8.8.8.8/, Invalid webhook URL scheme: 'ftp'",
    "http://8.8.8.8/, Invalid webhook URL scheme: 'http'",
    "hook, Invalid webhook URL scheme: ''",
    "https:///hook, must include a hostname",
    "https://user:password@8.8.8.8/, must not include a user",
    "https://a b/, Invalid webhook URL",
    "https://10.0.0.1/, non-public IP address",
    "https://169.254.169.254/latest, non-public IP address",
    "https://[::ffff:10.0.0.1]/, non-public IP address",
    "https://no-such-host.invalid/, Cannot resolve"
  })
  void refusesTheRest(String url, String why) {
    assertThatThrownBy(() -> strict.of(url))
        .isInstanceOf(WebhookTarget.Refused.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @CsvSource({"https://10.0.0.1/", "http://10.0.0.1/", "http://8.8.8.8/"})
  void settingsAllowMore(String url) throws Exception {
    assertThat(new WebhookTarget(true, true).of(url).uri()).hasToString(url);
  }
}

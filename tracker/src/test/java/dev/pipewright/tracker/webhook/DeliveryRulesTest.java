package dev.pipewright.tracker.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.tracker.webhook.WebhookSender.Outcome;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryRulesTest {
  /// The well-known value of another implementation of HMAC-SHA256.
  @Test
  void theSignatureIsTheProtocols() {
    var id = UUID.fromString("00000000-0000-0000-0000-000000000001");
    assertThat(WebhookSender.signature("key".getBytes(UTF_8), id, "1", "{}".getBytes(UTF_8)))
        .isEqualTo("v1,p0pHZxNM6O+ZJhNuDjh9zk5qQuAnLMKHCUnRkWFXBJ8=");
  }

  @ParameterizedTest
  @CsvSource({
    "200, 1, true, -1",
    "204, 1, true, -1",
    "302, 1, false, -1",
    "404, 1, false, -1",
    "429, 1, false, 1",
    "500, 3, false, 4",
    "503, 14, false, 3600",
    "503, 15, false, -1"
  })
  void statusesAreRetriedOrNot(int status, int attempts, boolean delivered, int retrySeconds) {
    var ended = DeliveryLoop.ended(new Outcome.Answered(status, "", null), attempts, 0);
    assertThat(ended.delivered()).isEqualTo(delivered);
    assertThat(ended.retryIn())
        .isEqualTo(retrySeconds < 0 ? null : Duration.ofSeconds(retrySeconds));
  }

  @Test
  void aReceiverSaysWhenToComeBackWithinReason() {
    var minute = new Outcome.Answered(429, "", Duration.ofMinutes(1));
    assertThat(DeliveryLoop.ended(minute, 1, 0.5).retryIn()).isEqualTo(Duration.ofMillis(60_500));
    var year = new Outcome.Answered(429, "", Duration.ofDays(365));
    assertThat(DeliveryLoop.ended(year, 1, 0).retryIn()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void nobodyListeningIsTriedAgainAndALostKeyIsNot() {
    assertThat(DeliveryLoop.ended(new Outcome.Unreachable("gone"), 1, 0).retryIn())
        .isEqualTo(Duration.ofSeconds(1));
    assertThat(DeliveryLoop.ended(new Outcome.Impossible("key"), 1, 0).retryIn()).isNull();
  }
}

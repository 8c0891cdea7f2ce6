package dev.pipewright.orchestrator.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.orchestrator.trigger.Signatures.Verdict;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignaturesTest {
  private static final Duration TOLERANCE = Duration.ofMinutes(5);
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  /// The secret and message that GitHub's documentation gives to test with.
  private static final String GITHUB_SECRET = "It's a Secret to Everybody";

  private static final String GITHUB_BODY = "Hello, World!";
  private static final String GITHUB_SIGNATURE =
      "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

  /// The example of the Standard Webhooks, which GitLab follows.
  private static final String TOKEN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  private static final Map<String, String> SIGNED =
      Map.of(
          "webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek",
          "webhook-timestamp", "1614265330",
          "webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

  private static Verdict check(
      HookKind kind, String secret, Map<String, String> headers, String body, Instant now) {
    return Signatures.check(
        kind,
        secret.getBytes(StandardCharsets.UTF_8),
        headers,
        body.getBytes(StandardCharsets.UTF_8),
        now,
        TOLERANCE);
  }

  private static boolean good(Verdict verdict) {
    return verdict instanceof Verdict.Good;
  }

  @ParameterizedTest
  @CsvSource({
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17, true",
    "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17, true",
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18, false",
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17,        false",
    "sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17,   false",
    "sha256=757107ea,                                                         false",
    "sha256=,                                                                 false",
    "sha256=zz,                                                               false",
  })
  void github(String signature, boolean expected) {
    var headers = Map.of(Signatures.GITHUB, signature);
    assertThat(good(check(HookKind.GITHUB, GITHUB_SECRET, headers, GITHUB_BODY, NOW)))
        .isEqualTo(expected);
  }

  @Test
  void githubSignsTheBodyWithTheSecretAndNothingElse() {
    var headers = new TreeMap<>(Map.of(Signatures.GITHUB, "sha256=" + GITHUB_SIGNATURE));
    assertThat(good(check(HookKind.GITHUB, GITHUB_SECRET, headers, "Hello, World?", NOW)))
        .isFalse();
    assertThat(good(check(HookKind.GITHUB, "another secret, also long", headers, GITHUB_BODY, NOW)))
        .isFalse();
    assertThat(check(HookKind.GITHUB, GITHUB_SECRET, Map.of(), GITHUB_BODY, NOW))
        .isEqualTo(new Verdict.Bad("The message has no header x-hub-signature-256."));
    // Whoever sends it again may make up a new id, but it stays the same message.
    var first = check(HookKind.GITHUB, GITHUB_SECRET, headers, GITHUB_BODY, NOW);
    headers.put("x-github-delivery", "another");
    assertThat(check(HookKind.GITHUB, GITHUB_SECRET, headers, GITHUB_BODY, NOW)).isEqualTo(first);
  }

  @ParameterizedTest
  @CsvSource({
    "the-secret-token-1, true",
    "the-secret-token-2, false",
    "the-secret-token,   false",
    "'',                 false"
  })
  void gitlabToken(String token, boolean expected) {
    var headers = Map.of(Signatures.GITLAB_TOKEN, token);
    assertThat(good(check(HookKind.GITLAB, "the-secret-token-1", headers, "{}", NOW)))
        .isEqualTo(expected);
  }

  @Test
  void gitlabTellsRepetitionsByItsKey() {
    var headers =
        new TreeMap<>(
            Map.of(Signatures.GITLAB_TOKEN, "the-secret-token-1", "idempotency-key", "k"));
    assertThat(check(HookKind.GITLAB, "the-secret-token-1", headers, "{}", NOW))
        .isEqualTo(new Verdict.Good("k"));
  }

  @ParameterizedTest
  @CsvSource({
    "0,    '{\"test\": 2432232314}', true",
    "299,  '{\"test\": 2432232314}', true",
    "301,  '{\"test\": 2432232314}', false",
    "-301, '{\"test\": 2432232314}', false",
    "0,    '{\"test\": 2432232315}', false",
  })
  void gitlabSigningToken(int secondsLater, String body, boolean expected) {
    var now = Instant.ofEpochSecond(1614265330).plusSeconds(secondsLater);
    assertThat(good(check(HookKind.GITLAB, TOKEN, SIGNED, body, now))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "webhook-id,        msg_other",
    "webhook-timestamp, 1614265331",
    "webhook-timestamp, x",
    "webhook-signature, 'v1,AAAA'",
    "webhook-signature, 'v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='",
    "webhook-signature, '!'",
  })
  void gitlabSignsItsIdAndTime(String header, String value) {
    var headers = new TreeMap<>(SIGNED);
    headers.put(header, value);
    var now = Instant.ofEpochSecond(1614265330);
    assertThat(good(check(HookKind.GITLAB, TOKEN, headers, "{\"test\": 2432232314}", now)))
        .isFalse();
    headers.put(Signatures.GITLAB_TOKEN, TOKEN);
    // The plain token does not stand in for the signature.
    assertThat(good(check(HookKind.GITLAB, TOKEN, headers, "{\"test\": 2432232314}", now)))
        .isFalse();
  }

  @Test
  void severalSignaturesAreForAChangeOfTheSecret() {
    var headers = new TreeMap<>(SIGNED);
    headers.put("webhook-signature", "v1,AAAA " + SIGNED.get("webhook-signature"));
    var now = Instant.ofEpochSecond(1614265330);
    assertThat(check(HookKind.GITLAB, TOKEN, headers, "{\"test\": 2432232314}", now))
        .isEqualTo(new Verdict.Good("msg_p5jXN8AQM9LWM0D4loKWxJek"));
  }

  @ParameterizedTest
  @CsvSource({
    "0,    1, true",
    "300,  1, true",
    "-300, 1, true",
    "301,  1, false",
    "-301, 1, false",
    "0,    2, false"
  })
  void generic(int secondsAgo, int signed, boolean expected) throws Exception {
    long time = NOW.getEpochSecond() - secondsAgo;
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec("0123456789abcdef".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    var signature =
        HexFormat.of()
            .formatHex(
                mac.doFinal((time + ".{\"a\":" + signed + "}").getBytes(StandardCharsets.UTF_8)));
    var headers = Map.of(Signatures.GENERIC, "t=" + time + ", v1=00, v1=" + signature);
    assertThat(good(check(HookKind.GENERIC, "0123456789abcdef", headers, "{\"a\":1}", NOW)))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''",
        "t=1767225600",
        "v1=00",
        "t=,v1=",
        "t=x,v1=00",
        "t=99999999999999999999,v1=00",
        "v1=d5d2b8ba,t=1767225600",
        "nonsense"
      })
  void genericRefusesWhatIsNoSignature(String header) {
    var headers = Map.of(Signatures.GENERIC, header);
    assertThat(good(check(HookKind.GENERIC, "0123456789abcdef", headers, "{\"a\":1}", NOW)))
        .isFalse();
  }
}

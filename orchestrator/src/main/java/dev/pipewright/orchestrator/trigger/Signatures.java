package dev.pipewright.orchestrator.trigger;

import dev.pipewright.contract.Digests;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Tells messages that were signed with a trigger's secret from others. What is compared with the
/// secret, or with what was made of it, is compared in a time that tells nothing of it.
final class Signatures {
  static final String GITHUB = "x-hub-signature-256";
  static final String GITLAB_TOKEN = "x-gitlab-token";
  static final String WEBHOOK = "webhook-signature";
  static final String GENERIC = "x-pipewright-signature";

  private static final String GITHUB_PREFIX = "sha256=";
  private static final String SIGNING_TOKEN = "whsec_";
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,12}");
  private static final int MOST_SIGNATURES = 10;

  private Signatures() {}

  sealed interface Verdict {
    /// @param delivery the same when the message comes again. Where the sender signs an id it is
    ///   that; otherwise what was signed, as whoever sends a message again may make up a new id
    record Good(String delivery) implements Verdict {}

    record Bad(String why) implements Verdict {}
  }

  /// @param headers by lower-case name
  /// @param tolerance how far the time of a signature may be off
  static Verdict check(
      HookKind kind,
      byte[] secret,
      Map<String, String> headers,
      byte[] body,
      Instant now,
      Duration tolerance) {
    return switch (kind) {
      case GITHUB -> github(secret, headers.get(GITHUB), body);
      case GITLAB ->
          new String(secret, StandardCharsets.UTF_8).startsWith(SIGNING_TOKEN)
              ? webhook(secret, headers, body, now, tolerance)
              : gitlab(secret, headers, body);
      case GENERIC -> generic(secret, headers.get(GENERIC), body, now, tolerance);
    };
  }

  private static Verdict github(byte[] secret, @Nullable String signature, byte[] body) {
    if (signature == null) {
      return missing(GITHUB);
    }
    var wanted = hmac(secret, body);
    return signature.startsWith(GITHUB_PREFIX)
            && same(wanted, hex(signature.substring(GITHUB_PREFIX.length())))
        ? new Verdict.Good(HexFormat.of().formatHex(wanted))
        : wrong(GITHUB);
  }

  /// The secret itself in a header, which says nothing of the body.
  private static Verdict gitlab(byte[] secret, Map<String, String> headers, byte[] body) {
    var token = headers.get(GITLAB_TOKEN);
    if (token == null) {
      return missing(GITLAB_TOKEN);
    }
    // Of their digests, so that not even the length shows in the time it takes.
    if (!same(digest(secret), digest(token.getBytes(StandardCharsets.UTF_8)))) {
      return wrong(GITLAB_TOKEN);
    }
    var id = headers.get("idempotency-key");
    return new Verdict.Good(id == null ? HexFormat.of().formatHex(digest(body)) : id);
  }

  /// As the Standard Webhooks have it: id, time and body are signed.
  private static Verdict webhook(
      byte[] secret, Map<String, String> headers, byte[] body, Instant now, Duration tolerance) {
    var id = headers.get("webhook-id");
    var time = headers.get("webhook-timestamp");
    var signatures = headers.get(WEBHOOK);
    if (id == null || time == null || signatures == null) {
      return missing("webhook-id, webhook-timestamp or " + WEBHOOK);
    }
    byte[] key;
    try {
      key =
          Base64.getDecoder()
              .decode(new String(secret, StandardCharsets.UTF_8).substring(SIGNING_TOKEN.length()));
    } catch (IllegalArgumentException e) {
      return new Verdict.Bad("The trigger's secret is no signing token.");
    }
    var given =
        Stream.of(signatures.split(" "))
            .limit(MOST_SIGNATURES)
            .filter(each -> each.startsWith("v1,"))
            .map(each -> base64(each.substring(3)))
            .toList();
    var signed = joined((id + "." + time + ".").getBytes(StandardCharsets.UTF_8), body);
    return timed(WEBHOOK, hmac(key, signed), given, time, now, tolerance, id);
  }

  /// `t=<seconds>,v1=<hex>` over `<seconds>.<body>`. Several v1 are for a change of the secret.
  private static Verdict generic(
      byte[] secret, @Nullable String header, byte[] body, Instant now, Duration tolerance) {
    if (header == null) {
      return missing(GENERIC);
    }
    var parts = Stream.of(header.split(",")).map(String::strip).limit(MOST_SIGNATURES).toList();
    var time =
        parts.stream()
            .filter(part -> part.startsWith("t="))
            .map(part -> part.substring(2))
            .findFirst()
            .orElse("");
    var given =
        parts.stream()
            .filter(part -> part.startsWith("v1="))
            .map(part -> hex(part.substring(3)))
            .toList();
    var signed = joined((time + ".").getBytes(StandardCharsets.UTF_8), body);
    var wanted = hmac(secret, signed);
    return timed(GENERIC, wanted, given, time, now, tolerance, HexFormat.of().formatHex(wanted));
  }

  private static Verdict timed(
      String header,
      byte[] wanted,
      List<byte[]> given,
      String time,
      Instant now,
      Duration tolerance,
      String delivery) {
    boolean any = false;
    for (var each : given) {
      any |= same(wanted, each);
    }
    if (!any || !SECONDS.matcher(time).matches()) {
      return wrong(header);
    }
    var off = Duration.between(Instant.ofEpochSecond(Long.parseLong(time)), now).abs();
    return off.compareTo(tolerance) > 0
        ? new Verdict.Bad(
            "The message was signed %d seconds from now; %d are tolerated."
                .formatted(off.toSeconds(), tolerance.toSeconds()))
        : new Verdict.Good(delivery);
  }

  private static Verdict missing(String header) {
    return new Verdict.Bad("The message has no header " + header + ".");
  }

  private static Verdict wrong(String header) {
    return new Verdict.Bad("The header " + header + " is not what the trigger's secret gives.");
  }

  private static byte[] hmac(byte[] key, byte[] message) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC-SHA256 is not there", e);
    }
  }

  private static byte[] digest(byte[] bytes) {
    return Digests.sha256().digest(bytes);
  }

  private static boolean same(byte[] wanted, byte[] given) {
    return MessageDigest.isEqual(wanted, given);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    var both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static byte[] hex(String text) {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private static byte[] base64(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }
}

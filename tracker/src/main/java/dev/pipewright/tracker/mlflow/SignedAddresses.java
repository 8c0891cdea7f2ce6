package dev.pipewright.tracker.mlflow;

import dev.pipewright.platform.KeyFile;
import dev.pipewright.platform.PlatformConfig;
import dev.pipewright.tracker.mlflow.wire.ErrorCode;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Addresses of this server's files that somebody may use without being somebody: for one file, one
/// method and some time. What makes them so is a signature with a key that is in the home folder.
@ApplicationScoped
class SignedAddresses {
  static final String FILE = "artifact.key";
  private static final String HMAC = "HmacSHA256";

  private final KeyFile key;
  private final Clock clock;

  @Inject
  SignedAddresses(PlatformConfig config, Clock clock) {
    this(new KeyFile(config.home().resolve(FILE)), clock);
  }

  SignedAddresses(KeyFile key, Clock clock) {
    this.key = key;
    this.clock = clock;
  }

  /// The query that makes an address a signed one.
  ///
  /// @param path of the file
  String query(String method, String path, Duration validity) {
    var expires = String.valueOf(clock.instant().plus(validity).getEpochSecond());
    return "expires="
        + expires
        + "&signature="
        + Base64.getUrlEncoder().withoutPadding().encodeToString(sign(method, path, expires));
  }

  /// Refuses a signed address that is not as it was given out, or no more. One that is not signed
  /// at all is not this class's matter.
  void check(String method, String path, @Nullable String expires, @Nullable String signature) {
    if (expires == null && signature == null) {
      return;
    }
    // First whether it is ours at all: only then does the time in it say anything.
    if (expires == null
        || signature == null
        || !MessageDigest.isEqual(sign(method, path, expires), decoded(signature))) {
      throw new MlflowError(
          ErrorCode.PERMISSION_DENIED,
          "The signature of the address is not for "
              + method
              + " of '"
              + path
              + "'. Use the address as it was given out, or ask for another one.");
    }
    var end = Instant.ofEpochSecond(Long.parseLong(expires));
    if (!clock.instant().isBefore(end)) {
      throw new MlflowError(
          ErrorCode.PERMISSION_DENIED,
          "The address of '" + path + "' has expired at " + end + ". Ask for another one.");
    }
  }

  private static byte[] decoded(String signature) {
    try {
      return Base64.getUrlDecoder().decode(signature);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private byte[] sign(String method, String path, String expires) {
    try {
      var mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key.bytes(), HMAC));
      return mac.doFinal((method + '\n' + expires + '\n' + path).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + HMAC, e);
    }
  }
}

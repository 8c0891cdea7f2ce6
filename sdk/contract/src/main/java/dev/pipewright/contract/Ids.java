package dev.pipewright.contract;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.UUID;

/// How ids look. Those that start something new are version 7 UUIDs (RFC 9562): they grow with
/// time, so an index on them stays dense. Those that must come out the same when a step is repeated
/// are derived by hashing.
public final class Ids {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /// A new UUID, version 7.
  public static UUID uuid7(long epochMillis) {
    var random = new byte[10];
    RANDOM.nextBytes(random);
    var bits = ByteBuffer.wrap(random);
    long high = (epochMillis << 16) | 0x7000L | (bits.getShort() & 0x0FFFL);
    long low = 0x8000000000000000L | (bits.getLong() & 0x3FFFFFFFFFFFFFFFL);
    return new UUID(high, low);
  }

  /// A run id as MLflow writes it (32 hexadecimal digits), always the same for the same parts.
  public static String runId(String... parts) {
    return HexFormat.of().formatHex(hash(parts), 0, 16);
  }

  /// A logged model's id as MLflow writes it, always the same for the same parts.
  public static String modelId(String... parts) {
    return "m-" + runId(parts);
  }

  /// A UUID (version 8) that is always the same for the same parts.
  public static UUID uuid(String... parts) {
    var bits = ByteBuffer.wrap(hash(parts));
    long high = (bits.getLong() & ~0xF000L) | 0x8000L;
    long low = (bits.getLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
    return new UUID(high, low);
  }

  private static byte[] hash(String... parts) {
    var sha256 = Digests.sha256();
    for (var part : parts) {
      var bytes = part.getBytes(StandardCharsets.UTF_8);
      // The length keeps ("ab", "c") and ("a", "bc") apart.
      sha256.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
      sha256.update(bytes);
    }
    return sha256.digest();
  }
}

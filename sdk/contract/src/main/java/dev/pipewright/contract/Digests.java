package dev.pipewright.contract;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// Digests of content: `sha256:` and 64 lower-case hexadecimal digits.
public final class Digests {
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  private Digests() {}

  public static boolean isDigest(String text) {
    return DIGEST.matcher(text).matches();
  }

  public static String of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  public static String of(byte[] content) {
    return finish(sha256(), content);
  }

  /// Reads the file once, without holding it in memory.
  public static String of(Path file) throws IOException {
    try (var in = new DigestInputStream(Files.newInputStream(file), sha256())) {
      in.transferTo(OutputStream.nullOutputStream());
      return finish(in.getMessageDigest(), new byte[0]);
    }
  }

  /// The digest of what the hash has seen.
  public static String finish(MessageDigest sha256) {
    return finish(sha256, new byte[0]);
  }

  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String finish(MessageDigest sha256, byte[] last) {
    return "sha256:" + HexFormat.of().formatHex(sha256.digest(last));
  }
}

package dev.pipewright.tracker.artifact;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/// Which paths a client may name. Strict as MLflow's server: a path that climbs, is absolute or
/// names a place elsewhere is refused however often it is encoded, since what reads it later may
/// decode it again.
public final class ArtifactPath {
  private static final String SCHEME = "mlflow-artifacts:";
  private static final int MOST_DECODINGS = 10;

  /// An index entry holds at most some 2,700 bytes.
  private static final int LONGEST = 2_000;

  private static final Pattern ELSEWHERE =
      Pattern.compile("/.*|file:.*|[a-z]:/.*", Pattern.CASE_INSENSITIVE);
  private static final Pattern REFUSED = Pattern.compile("[\\x00-\\x1f\\x7f\\\\#]");

  private ArtifactPath() {}

  /// The path in one form: no empty parts, no dots alone. Empty text is the root.
  ///
  /// @return nothing when the path is not safe
  public static Optional<String> of(String path) {
    var decoded = decoded(path);
    if (decoded.isEmpty()
        || !isSafe(path)
        || !isSafe(decoded.get())
        || path.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      return Optional.empty();
    }
    var clean = new StringBuilder();
    for (var part : path.split("/", -1)) {
      if (!part.isEmpty() && !part.equals(".")) {
        clean.append(clean.isEmpty() ? "" : "/").append(part);
      }
    }
    return Optional.of(clean.toString());
  }

  /// The path of a location `mlflow-artifacts:/…`; nothing for a location elsewhere.
  public static Optional<String> ofLocation(String uri) {
    if (!uri.startsWith(SCHEME)) {
      return Optional.empty();
    }
    var rest = uri.substring(SCHEME.length());
    if (rest.startsWith("//")) {
      int end = rest.indexOf('/', 2);
      rest = end < 0 ? "" : rest.substring(end);
    }
    return of(rest.replaceFirst("^/+", ""));
  }

  /// A path within a directory; the root is no text.
  public static String join(String directory, String path) {
    return directory.isEmpty() || path.isEmpty() ? directory + path : directory + "/" + path;
  }

  private static boolean isSafe(String path) {
    if (REFUSED.matcher(path).find() || ELSEWHERE.matcher(path).matches()) {
      return false;
    }
    for (var part : path.split("/", -1)) {
      if (part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  /// Decoded until it stays the same; nothing when it never does.
  private static Optional<String> decoded(String path) {
    var text = path;
    for (int i = 0; i < MOST_DECODINGS; i++) {
      var next = decodedOnce(text);
      if (next.equals(text)) {
        return Optional.of(text);
      }
      text = next;
    }
    return Optional.empty();
  }

  /// A percent sign that starts no escape stands for itself.
  private static String decodedOnce(String text) {
    return URLDecoder.decode(
        text.replace("+", "%2B").replaceAll("%(?![0-9a-fA-F]{2})", "%25"), StandardCharsets.UTF_8);
  }
}

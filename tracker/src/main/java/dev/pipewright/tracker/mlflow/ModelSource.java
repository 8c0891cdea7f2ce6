package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.MlflowError;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Where a model version comes from, as its maker says: a place in a store, a run's files
/// (`runs:/<run>/<path>`), a logged model (`models:/<id>`) or another version
/// (`models:/<name>/<version>`, `models:/<name>@<alias>`).
sealed interface ModelSource {
  Pattern SCHEME = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.\\-]*):.*", Pattern.DOTALL);
  Pattern LOGGED_MODEL = Pattern.compile("m-[0-9a-f]{32}");

  record Location(String uri) implements ModelSource {}

  record RunFiles(String runId, String path) implements ModelSource {}

  record Logged(String modelId) implements ModelSource {}

  record Version(String name, String version) implements ModelSource {}

  record Aliased(String name, String alias) implements ModelSource {}

  /// @throws MlflowError for a path on a server's own disk, or one that climbs out of where it
  ///   starts
  static ModelSource parse(String source) {
    var scheme = SCHEME.matcher(source);
    var kind = scheme.matches() ? scheme.group(1).toLowerCase(Locale.ROOT) : "";
    if (kind.isEmpty() || kind.equals("file")) {
      throw MlflowError.invalid(
          "Invalid model version source: '"
              + source
              + "'. To use a local path as a model version source, the run_id request parameter has to"
              + " be specified and the local path has to be contained within the artifact directory"
              + " of the run specified by the run_id.");
    }
    safe(source);
    var rest = source.substring(source.indexOf(':') + 1).replaceFirst("^/+", "");
    return switch (kind) {
      case "runs" -> {
        int slash = rest.indexOf('/');
        if (slash <= 0 || slash == rest.length() - 1) {
          throw MlflowError.invalid(
              "Not a proper runs:/ URI: "
                  + source
                  + ". It is of the form 'runs:/<run_id>/<path>'.");
        }
        yield new RunFiles(rest.substring(0, slash), rest.substring(slash + 1));
      }
      case "models" -> ofModels(source, rest);
      default -> new Location(source);
    };
  }

  private static ModelSource ofModels(String source, String rest) {
    int slash = rest.indexOf('/');
    if (slash > 0 && slash < rest.length() - 1) {
      return new Version(rest.substring(0, slash), rest.substring(slash + 1));
    }
    int at = rest.lastIndexOf('@');
    if (at > 0 && at < rest.length() - 1) {
      return new Aliased(rest.substring(0, at), rest.substring(at + 1));
    }
    if (LOGGED_MODEL.matcher(rest).matches()) {
      return new Logged(rest);
    }
    throw MlflowError.invalid(
        "Not a proper models:/ URI: "
            + source
            + ". It is of the form 'models:/<model_id>', 'models:/<name>/<version>' or"
            + " 'models:/<name>@<alias>'.");
  }

  /// However often it is decoded, a source must not climb out of where it starts.
  private static void safe(String source) {
    var decoded = source;
    for (int i = 0; ; i++) {
      var next = decode(decoded);
      if (next == null || next.equals(decoded) || i == 10) {
        break;
      }
      decoded = next;
    }
    // Also behind a '?' or '#': it may have been part of the path before it was decoded.
    boolean climbs =
        Arrays.stream(decoded.split("[/?#]", -1))
            .anyMatch(part -> part.equals("..") || part.equals("."));
    if (climbs || decoded.indexOf('\0') >= 0) {
      throw MlflowError.invalid(
          "Invalid model version source: '"
              + source
              + "'. If supplying a source as an http, https, local file path, ftp, objectstore, or"
              + " mlflow-artifacts uri, an absolute path must be provided without relative path"
              + " references present. Please provide an absolute path.");
    }
  }

  private static @Nullable String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // A lone '%' decodes to nothing and climbs nowhere.
      return null;
    }
  }
}

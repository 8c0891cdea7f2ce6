package dev.pipewright.tracker.artifact;

import java.net.URLConnection;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// What a file is, by its name.
public final class MediaTypes {
  public static final String UNKNOWN = "application/octet-stream";
  private static final String TEXT = "text/plain";

  /// Shown as text, whatever else they are.
  private static final Set<String> TEXTS =
      Set.of(
          "cfg",
          "conf",
          "csv",
          "env",
          "ini",
          "java",
          "js",
          "json",
          "jsonl",
          "log",
          "md",
          "mlmodel",
          "mlproject",
          "properties",
          "py",
          "r",
          "rst",
          "sh",
          "sql",
          "tag",
          "toml",
          "tsv",
          "txt",
          "yaml",
          "yml");

  private static final Map<String, String> OTHERS =
      Map.of(
          "svg", "image/svg+xml",
          "webp", "image/webp",
          "wasm", "application/wasm",
          "geojson", "application/geo+json",
          "mp4", "video/mp4");

  private MediaTypes() {}

  public static String ofName(String path) {
    var name = path.substring(path.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    var extension = name.substring(name.lastIndexOf('.') + 1);
    if (TEXTS.contains(extension)) {
      return TEXT;
    }
    var other = OTHERS.get(extension);
    if (other != null) {
      return other;
    }
    var known = URLConnection.guessContentTypeFromName(name);
    return known == null ? UNKNOWN : known;
  }
}

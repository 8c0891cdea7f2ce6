package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;

/// What MLflow takes as a name, and how long things may be; its limits are what its clients split
/// their requests by.
final class Rules {
  static final int METRICS_PER_BATCH = 1000;
  static final int PARAMS_PER_BATCH = 100;
  static final int TAGS_PER_BATCH = 100;
  static final int ENTITIES_PER_BATCH = 1000;
  static final int KEY = 250;
  static final int PARAM_VALUE = 6000;
  static final int TAG_VALUE = 8000;
  static final int EXPERIMENT_NAME = 500;
  static final int EXPERIMENT_TAG_VALUE = 20_000;
  static final int ARTIFACT_LOCATION = 2048;

  private static final Pattern RUN_ID = Pattern.compile("[a-zA-Z0-9][\\w\\-]{0,255}");
  private static final Pattern NEW_ID = Pattern.compile("[0-9a-f]{32}");
  // As Python's \w: letters and digits of every script.
  private static final Pattern KEY_CHARACTERS =
      Pattern.compile("[/\\w.\\- :]*", Pattern.UNICODE_CHARACTER_CLASS);

  private Rules() {}

  static void runId(String id) {
    if (!RUN_ID.matcher(id).matches()) {
      throw MlflowError.invalid(
          "Invalid value " + MlflowJson.text(id) + " for parameter 'run_id' supplied.");
    }
  }

  /// An id that a client chose for something new looks as those that are given here.
  static void newId(String id, String prefix, String parameter) {
    if (!id.startsWith(prefix) || !NEW_ID.matcher(id.substring(prefix.length())).matches()) {
      throw MlflowError.invalid(
          "Invalid value %s for parameter '%s' supplied. A chosen id is '%s' and 32 lower-case hexadecimal digits."
              .formatted(MlflowJson.text(id), parameter, prefix));
    }
  }

  static long experimentId(String id) {
    try {
      return Long.parseLong(id.strip());
    } catch (NumberFormatException e) {
      throw MlflowError.invalid(
          "Invalid experiment ID '" + id + "'. Experiment ID must be a valid integer.");
    }
  }

  static int version(String version) {
    try {
      return Integer.parseInt(version.strip());
    } catch (NumberFormatException e) {
      throw MlflowError.invalid("Parameter 'version' must be an integer, got '" + version + "'.");
    }
  }

  static List<Long> experimentIds(List<String> ids) {
    return ids.stream().map(Rules::experimentId).distinct().toList();
  }

  static void metric(String key, long timestamp, double value, String path) {
    name(key, path.isEmpty() ? "name" : path + ".name");
    if (timestamp < 0) {
      throw MlflowError.invalidValue(
          path.isEmpty() ? "timestamp" : path + ".timestamp",
          String.valueOf(timestamp),
          "metric '"
              + key
              + "' (value="
              + value
              + "). Timestamp must be a nonnegative long (64-bit integer) ");
    }
    length("Metric name", KEY, key);
  }

  static void param(String key, String value, String path) {
    name(key, path.isEmpty() ? "key" : path + ".key");
    length("Param key", KEY, key);
    length("Param value", PARAM_VALUE, value);
  }

  static void tag(String key, String value, String path) {
    name(key, path.isEmpty() ? "key" : path + ".key");
    length(path.isEmpty() ? "key" : path + ".key", KEY, key);
    length(path.isEmpty() ? "value" : path + ".value", TAG_VALUE, value);
  }

  static void experimentTag(String key, String value) {
    name(key, "key");
    length("key", KEY, key);
    length("value", EXPERIMENT_TAG_VALUE, value);
  }

  static void experimentName(String name) {
    if (name.isEmpty()) {
      throw MlflowError.invalid("Invalid experiment name: ''");
    }
    length("name", EXPERIMENT_NAME, name);
  }

  /// Keys may become file names, so each must be a relative path in its shortest form.
  static void name(String name, String path) {
    if (!KEY_CHARACTERS.matcher(name).matches()) {
      throw MlflowError.invalidValue(
          path,
          MlflowJson.text(name),
          "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ),"
              + " colon(:) and slashes (/).");
    }
    path(name, path);
  }

  /// A name must be the shortest form of the relative path it may become.
  static void path(String name, String path) {
    var shortest = shortest(name);
    if (!shortest.equals(name)
        || shortest.equals(".")
        || shortest.startsWith("..")
        || shortest.startsWith("/")) {
      throw MlflowError.invalidValue(
          path,
          MlflowJson.text(name),
          "Names may be treated as files in certain cases, and must not resolve to other names when"
              + " treated as such. This name would resolve to '"
              + shortest
              + "'");
    }
  }

  /// A path without `.`, `..` and doubled slashes, as POSIX resolves them.
  private static String shortest(String path) {
    if (path.isEmpty()) {
      return ".";
    }
    boolean absolute = path.startsWith("/");
    var parts = new ArrayDeque<String>();
    for (var part : path.split("/", -1)) {
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (!part.equals("..") || !absolute && (parts.isEmpty() || parts.getLast().equals(".."))) {
        parts.add(part);
      } else if (!parts.isEmpty()) {
        parts.removeLast();
      }
    }
    // POSIX keeps two leading slashes apart from one.
    var root = !absolute ? "" : path.startsWith("//") && !path.startsWith("///") ? "//" : "/";
    var joined = root + String.join("/", parts);
    return joined.isEmpty() ? "." : joined;
  }

  /// In characters as Python counts them.
  static void length(String what, int limit, String value) {
    if (value.length() > limit && value.codePointCount(0, value.length()) > limit) {
      throw MlflowError.tooLong(what, limit);
    }
  }

  static void batch(int metrics, int params, int tags) {
    limit("metrics", METRICS_PER_BATCH, metrics);
    limit("params", PARAMS_PER_BATCH, params);
    limit("tags", TAGS_PER_BATCH, tags);
    limit("metrics, params, and tags", ENTITIES_PER_BATCH, metrics + params + tags);
  }

  private static void limit(String what, int limit, int count) {
    if (count > limit) {
      throw MlflowError.invalid(
          "A batch logging request can contain at most %d %s. Got %d %s. Please split up %s across multiple requests and try again."
              .formatted(limit, what, count, what, what));
    }
  }

  static void distinct(List<String> paramKeys) {
    var seen = new HashSet<String>();
    var repeated = new ArrayList<String>();
    paramKeys.forEach(key -> {
      if (!seen.add(key)) {
        repeated.add("'" + key + "'");
      }
    });
    if (!repeated.isEmpty()) {
      throw MlflowError.invalid(
          "Duplicate parameter keys have been submitted: "
              + repeated
              + ". Please ensure the request contains only one param value per param key.");
    }
  }
}

package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.MlflowError;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which parts of the runs that it finds a search answers, beyond what the protocol has: `metrics`,
/// `params`, `tags`, `inputs`, `outputs` for all of a kind, `metrics.loss` for one. A run's info is
/// always there. Nothing asked for means everything.
///
/// @param metrics the keys; null for all of them
record Columns(
    @Nullable Set<String> metrics,
    @Nullable Set<String> params,
    @Nullable Set<String> tags,
    boolean inputs,
    boolean outputs) {
  static final Columns ALL = new Columns(null, null, null, true, true);

  static Columns of(List<String> columns) {
    if (columns.isEmpty()) {
      return ALL;
    }
    for (var column : columns) {
      if (!column.matches("(?s)info|inputs|outputs|(metrics|params|tags)(\\..+)?")) {
        throw MlflowError.invalid(
            "Invalid column '"
                + column
                + "'. It is one of info, metrics, params, tags, inputs, outputs, or one metric, param"
                + " or tag such as metrics.loss.");
      }
    }
    return new Columns(
        keys(columns, "metrics"),
        keys(columns, "params"),
        keys(columns, "tags"),
        columns.contains("inputs"),
        columns.contains("outputs"));
  }

  private static @Nullable Set<String> keys(List<String> columns, String kind) {
    if (columns.contains(kind)) {
      return null;
    }
    var keys = new HashSet<String>();
    for (var column : columns) {
      if (column.startsWith(kind + ".")) {
        keys.add(column.substring(kind.length() + 1));
      }
    }
    return keys;
  }
}

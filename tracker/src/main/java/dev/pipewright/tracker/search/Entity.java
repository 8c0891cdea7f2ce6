package dev.pipewright.tracker.search;

import java.util.Locale;

/// What the part of an identifier before its first dot names.
public enum Entity {
  ATTRIBUTE,
  METRIC,
  PARAMETER,
  TAG,
  DATASET,
  REQUEST_METADATA,
  SPAN,
  FEEDBACK,
  EXPECTATION,
  ISSUE;

  /// The word MLflow's messages use.
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}

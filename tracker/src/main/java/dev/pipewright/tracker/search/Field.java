package dev.pipewright.tracker.search;

/// What a filter tests or an order sorts by: the canonical name of an attribute, or the key of a
/// metric, param, tag, …
///
/// @param best which of a metric's values is meant
public record Field(Entity entity, String key, Best best) {
  /// A metric has its newest value and, as an extension of MLflow's language, its least and its
  /// greatest.
  public enum Best {
    LATEST,
    MIN,
    MAX
  }

  public Field(Entity entity, String key) {
    this(entity, key, Best.LATEST);
  }
}

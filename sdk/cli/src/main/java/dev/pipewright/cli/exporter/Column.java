package dev.pipewright.cli.exporter;

/// A column of a table. A value may be null in any.
record Column(String name, Type type) {
  enum Type {
    TEXT,
    WHOLE,
    NUMBER,
    /// Milliseconds since the epoch.
    TIME
  }
}

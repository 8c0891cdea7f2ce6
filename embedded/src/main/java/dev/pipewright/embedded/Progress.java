package dev.pipewright.embedded;

/// Told what is being done, in a few words for people, whenever that takes a while.
@FunctionalInterface
public interface Progress {
  Progress SILENT = message -> {};

  void report(String message);
}

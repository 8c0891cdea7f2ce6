package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.List;

/// Lines of a run's log, oldest first.
///
/// @param next what to pass as `after` to read on; the same as before when there is nothing new. A
///   page of a search may be empty although there is more
public record LogPage(List<Line> lines, long next) {

  /// @param number from 1, without gaps
  /// @param stream `stdout` or `stderr`
  public record Line(long number, Instant at, String stream, String text) {}
}

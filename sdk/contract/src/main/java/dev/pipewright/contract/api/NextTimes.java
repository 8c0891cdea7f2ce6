package dev.pipewright.contract.api;

import java.time.Instant;
import java.util.List;

/// The next times that runs of a schedule are for.
public record NextTimes(List<Instant> times) {
  public NextTimes {
    times = List.copyOf(times);
  }
}

package dev.pipewright.cli;

import dev.pipewright.contract.api.Fire;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Occasions to start runs, as lines.
final class FireLines {
  static final List<String> HEAD = List.of("TIME", "STATE", "RUN", "WHY");

  private FireLines() {}

  static List<String> row(Fire fire) {
    return List.of(
        fire.until() == null
            ? fire.time().toString()
            : fire.time() + " to " + fire.until() + " (" + fire.times() + " times)",
        state(fire),
        fire.runId() == null ? "-" : fire.runId(),
        fire.reason() == null
            ? ""
            : (fire.code() == null ? "" : fire.code() + ": ") + fire.reason());
  }

  static String last(@Nullable Fire fire) {
    return fire == null ? "-" : fire.time() + " " + state(fire);
  }

  private static String state(Fire fire) {
    return fire.runState() == null
        ? fire.state().name()
        : fire.state().name() + ", " + fire.runState();
  }
}

package dev.pipewright.cli;

import java.time.Instant;
import java.util.List;

/// Something that moves while something is under way.
final class Spinner {
  private static final List<String> FRAMES =
      List.of("⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏");
  private static final List<String> ASCII = List.of("|", "/", "-", "\\");

  private Spinner() {}

  static String frame(Terminal terminal, Instant now) {
    int tick = (int) (now.toEpochMilli() / 100 % 1000);
    return terminal.picture(FRAMES.get(tick % FRAMES.size()), ASCII.get(tick % ASCII.size()));
  }
}

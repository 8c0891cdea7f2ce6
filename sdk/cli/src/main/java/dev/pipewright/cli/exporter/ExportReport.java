package dev.pipewright.cli.exporter;

import java.util.ArrayList;
import java.util.List;

/// What an export has done so far.
public final class ExportReport {
  private int found;
  private int runs;
  private long points;
  private final List<String> skipped = new ArrayList<>();

  /// Runs found so far.
  public int found() {
    return found;
  }

  /// Runs whose metrics are written.
  public int runs() {
    return runs;
  }

  public long points() {
    return points;
  }

  /// What was left out, each with the reason.
  public List<String> skipped() {
    return List.copyOf(skipped);
  }

  void found(int more) {
    found += more;
  }

  void run() {
    runs++;
  }

  void points(int more) {
    points += more;
  }

  void skip(String what) {
    skipped.add(what);
  }
}

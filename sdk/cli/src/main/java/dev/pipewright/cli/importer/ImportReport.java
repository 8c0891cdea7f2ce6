package dev.pipewright.cli.importer;

import java.util.ArrayList;
import java.util.List;

/// What an import has done so far.
public final class ImportReport {
  private int runs;
  private int runsThere;
  private int runsTotal;
  private int models;
  private int versions;
  private int files;
  private long points;
  private long bytes;
  private final List<Skip> skipped = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /// Something that was left out.
  ///
  /// @param thing what it is, with its name or id
  /// @param reason why it was left out
  public record Skip(String thing, String reason) {}

  /// Runs brought in, or brought up to date, by this import.
  public int runs() {
    return runs;
  }

  /// Runs that an earlier import had brought in.
  public int runsThere() {
    return runsThere;
  }

  /// Runs found so far in the source.
  public int runsTotal() {
    return runsTotal;
  }

  public int models() {
    return models;
  }

  public int versions() {
    return versions;
  }

  public int files() {
    return files;
  }

  public long points() {
    return points;
  }

  public long bytes() {
    return bytes;
  }

  public List<Skip> skipped() {
    return List.copyOf(skipped);
  }

  /// What is worth saying although nothing is wrong.
  public List<String> notes() {
    return List.copyOf(notes);
  }

  void note(String note) {
    notes.add(note);
  }

  void found(int more) {
    runsTotal += more;
  }

  void run() {
    runs++;
  }

  void runThere() {
    runsThere++;
  }

  void model() {
    models++;
  }

  void version() {
    versions++;
  }

  void file(long size) {
    files++;
    bytes += size;
  }

  void points(int more) {
    points += more;
  }

  void skip(String thing, String reason) {
    skipped.add(new Skip(thing, reason));
  }
}

package dev.pipewright.deep;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

/// A journal that remembers what it passes on, for the page: of a long training, points spread
/// evenly. They lie beside the checkpoint, so that the curve of a training that went on is whole.
final class Curves implements Journal {
  static final String FILE = "curves.json";
  private static final int MOST = 1_500;
  private static final long PAUSE = 5_000_000_000L;

  /// @param settings of the training that the points are of
  private record Kept(String settings, TreeMap<String, TreeMap<Long, Double>> points) {}

  private final Journal journal;
  private final Path file;
  private final Kept kept;
  private long saved = System.nanoTime();

  /// @param checkpoints where the training's lie
  Curves(Journal journal, Path checkpoints, String settings) throws IOException {
    this.journal = journal;
    file = checkpoints.resolve(FILE);
    kept = read(file, settings);
  }

  private static Kept read(Path file, String settings) throws IOException {
    if (Files.exists(file)) {
      try {
        var before = Json.MAPPER.readValue(file.toFile(), Kept.class);
        if (before.settings.equals(settings)) {
          return before;
        }
      } catch (JsonProcessingException _) {
        // It is of no use; the curve begins where this attempt does.
      }
    }
    return new Kept(settings, new TreeMap<>());
  }

  @Override
  public void metric(String key, long step, double value) {
    journal.metric(key, step, value);
    var points = kept.points.computeIfAbsent(key, _ -> new TreeMap<>());
    // What lies ahead is of an attempt that was killed before its checkpoint.
    points.tailMap(step, true).clear();
    points.put(step, value);
    if (points.size() > MOST) {
      boolean[] odd = {false};
      points.keySet().removeIf(_ -> odd[0] = !odd[0]);
    }
    if (System.nanoTime() - saved > PAUSE) {
      save();
    }
  }

  /// Done every few seconds, and to be done at the end.
  void save() {
    saved = System.nanoTime();
    try {
      Files.createDirectories(file.getParent());
      Json.MAPPER.writeValue(file.toFile(), kept);
    } catch (IOException e) {
      throw new UncheckedIOException("the curves cannot be written", e);
    }
  }

  @Override
  public void line(String text) {
    journal.line(text);
  }

  @Override
  public boolean cancelled() {
    return journal.cancelled();
  }

  boolean has(String key) {
    return kept.points.containsKey(key);
  }

  double[] steps(String key) {
    return kept.points.getOrDefault(key, new TreeMap<>()).keySet().stream()
        .mapToDouble(Long::doubleValue)
        .toArray();
  }

  double[] values(String key) {
    return kept.points.getOrDefault(key, new TreeMap<>()).values().stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }
}

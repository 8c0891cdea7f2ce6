package dev.pipewright.language;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The documents that tests read: the corpus and the examples.
final class Corpus {
  private static final Path ROOT = Path.of(System.getProperty("pipewright.root", "."));
  private static final Path FOLDER = ROOT.resolve("sdk/language/src/test/resources/corpus");

  private Corpus() {}

  static String read(String name) {
    return read(FOLDER.resolve(name));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// All of the corpus.
  static List<Path> files() {
    return pipelines(FOLDER, ".*\\.yaml");
  }

  /// Without the schedules and triggers that lie beside them.
  static List<Path> examples() {
    return pipelines(ROOT.resolve("examples"), ".*\\.ya?ml").stream()
        .filter(file -> read(file).contains("\ntasks:"))
        .toList();
  }

  private static List<Path> pipelines(Path folder, String name) {
    try (var files = Files.walk(folder)) {
      return files.filter(file -> file.getFileName().toString().matches(name)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

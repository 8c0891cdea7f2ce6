package dev.pipewright.embedded;

import dev.pipewright.contract.home.HomeFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;

/// Files and folders that are either complete or not there.
final class Folders {
  private Folders() {}

  /// Where things that can be made again are kept: `$XDG_CACHE_HOME/pipewright`, by default
  /// `~/.cache/pipewright`.
  static Path cache() {
    var xdg = System.getenv("XDG_CACHE_HOME");
    var base =
        xdg == null || xdg.isBlank()
            ? HomeFolder.userHome(System.getenv()).resolve(".cache")
            : Path.of(xdg);
    return base.resolve("pipewright");
  }

  /// A new folder beside the target. When it is complete, [#commit] gives it the target's name.
  static Path prepare(Path target) throws IOException {
    Files.createDirectories(target.getParent());
    return Files.createTempDirectory(target.getParent(), unfinished(target));
  }

  static void commit(Path prepared, Path target) throws IOException {
    Files.move(prepared, target, StandardCopyOption.ATOMIC_MOVE);
  }

  /// Removes what starts that were cut off left behind.
  static void removeUnfinished(Path target) throws IOException {
    try (var siblings = Files.newDirectoryStream(target.getParent(), unfinished(target) + "*")) {
      for (var sibling : siblings) {
        delete(sibling);
      }
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (var paths = Files.walk(folder)) {
      for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static String unfinished(Path target) {
    return target.getFileName() + ".unfinished-";
  }
}

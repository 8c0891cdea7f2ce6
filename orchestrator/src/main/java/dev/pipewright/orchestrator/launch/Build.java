package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.Digests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the installed runner is made of, in a few digits: it changes whenever a file of it does.
final class Build {
  private Build() {}

  static String of(Path lib) {
    var parts = new StringBuilder(Runtime.version().toString());
    if (Files.isDirectory(lib)) {
      try (var files = Files.list(lib)) {
        for (var file : files.sorted().toList()) {
          parts
              .append('\n')
              .append(file.getFileName())
              .append(' ')
              .append(Files.size(file))
              .append(' ')
              .append(Files.getLastModifiedTime(file).toMillis());
        }
      } catch (IOException e) {
        throw new UncheckedIOException("the installed runner cannot be read", e);
      }
    }
    var digest = Digests.of(parts.toString());
    return digest.substring(digest.length() - 16);
  }
}

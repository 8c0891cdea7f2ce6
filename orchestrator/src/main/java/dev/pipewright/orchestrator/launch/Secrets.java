package dev.pipewright.orchestrator.launch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Where the values of secrets are: the server's environment (`PIPEWRIGHT_SECRET_<NAME>`), or the
/// file of its name. Values are read when they are needed and never kept.
final class Secrets {
  private static final String PREFIX = "PIPEWRIGHT_SECRET_";
  private static final Pattern NAME = Pattern.compile("[A-Z][A-Z0-9_]*");

  private final Path folder;
  private final Map<String, String> environment;

  Secrets(Path folder, Map<String, String> environment) {
    this.folder = folder;
    this.environment = environment;
  }

  /// Those of these names that are there.
  Map<String, String> find(Collection<String> names) {
    var found = new HashMap<String, String>();
    for (var name : names) {
      find(name).ifPresent(value -> found.put(name, value));
    }
    return found;
  }

  private Optional<String> find(String name) {
    // Nothing else may become a path.
    if (!NAME.matcher(name).matches()) {
      return Optional.empty();
    }
    var value = environment.get(PREFIX + name);
    if (value != null) {
      return Optional.of(value);
    }
    try {
      // The line break that an editor leaves at the end is not part of it.
      return Optional.of(Files.readString(folder.resolve(name)).replaceFirst("\\R\\z", ""));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("secret " + name + " cannot be read", e);
    }
  }
}

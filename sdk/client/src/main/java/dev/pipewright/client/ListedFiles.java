package dev.pipewright.client;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// The files that the tasks of a pipeline document list under `files`. A document that is not as it
/// should be lists none here: the server says what is wrong with it, with line and column.
final class ListedFiles {
  /// As large as the server takes one.
  private static final int MOST = 16 << 20;

  private ListedFiles() {}

  static Set<String> of(String source) {
    var files = new LinkedHashSet<String>();
    Object document;
    try {
      document =
          new Load(LoadSettings.builder().setCodePointLimit(MOST).build()).loadFromString(source);
    } catch (YamlEngineException e) {
      return files;
    }
    if (document instanceof Map<?, ?> root) {
      collect(root.get("tasks"), files);
      collect(root.get("finally"), files);
    }
    return files;
  }

  private static void collect(@Nullable Object tasks, Set<String> files) {
    if (!(tasks instanceof Map<?, ?> named)) {
      return;
    }
    for (var task : named.values()) {
      if (task instanceof Map<?, ?> properties && properties.get("files") instanceof List<?> list) {
        list.stream().filter(String.class::isInstance).map(String.class::cast).forEach(files::add);
      }
    }
  }
}

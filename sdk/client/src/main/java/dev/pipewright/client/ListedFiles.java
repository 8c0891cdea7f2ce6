package dev.pipewright.client;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// The files that the tasks of a pipeline document list under `files`. A document that is not as it
/// should be lists none here: the server says what is wrong with it, with line and column.
final class ListedFiles {
  private ListedFiles() {}

  static Set<String> of(String source) {
    var files = new LinkedHashSet<String>();
    Object document;
    try {
      document = new Load(LoadSettings.builder().build()).loadFromString(source);
    } catch (YamlEngineException e) {
      return files;
    }
    if (document instanceof Map<?, ?> root && root.get("tasks") instanceof Map<?, ?> tasks) {
      for (var task : tasks.values()) {
        if (task instanceof Map<?, ?> properties
            && properties.get("files") instanceof List<?> list) {
          list.stream()
              .filter(String.class::isInstance)
              .map(String.class::cast)
              .forEach(files::add);
        }
      }
    }
    return files;
  }
}

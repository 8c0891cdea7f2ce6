package dev.pipewright.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.client.Pipelines;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// YAML files with documents that the server checks: it gets them as JSON.
final class Documents {
  private Documents() {}

  /// A document and the name it gives itself.
  record Named(String name, ObjectNode document) {}

  /// All documents of a file.
  ///
  /// @param code of the problem when they cannot be read
  static List<Named> read(Path file, ProblemCode code) {
    var source = Pipelines.read(file);
    var found = new ArrayList<Named>();
    try {
      for (var each : new Load(LoadSettings.builder().build()).loadAllFromString(source)) {
        if (!(each instanceof Map<?, ?> map)) {
          throw new ProblemException(code, file + " holds something that is not a map of keys.");
        }
        ObjectNode document = Json.MAPPER.valueToTree(map);
        var name = document.remove("name");
        if (name == null || !name.isTextual()) {
          throw new ProblemException(
              code, file + " holds a document without a name.", "Add 'name: …' at its top.");
        }
        found.add(new Named(name.textValue(), document));
      }
    } catch (MarkedYamlEngineException e) {
      var at = e.getProblemMark();
      throw new ProblemException(
          Problem.of(
              code,
              file + " is not YAML.",
              List.of(
                  new Problem.Violation(
                      "INVALID_YAML",
                      e.getProblem(),
                      null,
                      at.map(mark -> mark.getLine() + 1).orElse(null),
                      at.map(mark -> mark.getColumn() + 1).orElse(null),
                      null))));
    } catch (YamlEngineException e) {
      throw new ProblemException(code, file + " is not YAML: " + e.getMessage(), e);
    }
    if (found.isEmpty()) {
      throw new ProblemException(code, file + " is empty.");
    }
    return found;
  }
}

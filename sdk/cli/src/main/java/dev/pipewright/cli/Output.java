package dev.pipewright.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.pipewright.contract.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Option;

/// What a command prints: a table for people, or JSON for programs.
final class Output {
  private static final ObjectWriter JSON = Json.MAPPER.writerWithDefaultPrettyPrinter();

  /// What `--output` takes.
  enum Form {
    TABLE,
    JSON
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "table or json; default: ${DEFAULT-VALUE}.")
  private Form form = Form.TABLE;

  boolean isJson() {
    return form == Form.JSON;
  }

  /// Prints a list in the form that was asked for.
  <T> void print(
      Terminal terminal, List<T> items, List<String> head, Function<T, List<String>> row) {
    if (isJson()) {
      terminal.line(json(items));
    } else {
      table(head, items.stream().map(row).toList()).forEach(terminal::line);
    }
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer did not become JSON", e);
    }
  }

  /// Rows in columns that are as wide as their widest cell.
  static List<String> table(List<String> head, List<List<String>> rows) {
    var widths = new int[head.size()];
    var all = new ArrayList<List<String>>();
    all.add(head);
    all.addAll(rows);
    for (var row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var lines = new ArrayList<String>();
    for (var row : all) {
      var line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        var cell = row.get(i);
        line.append(cell).repeat(' ', widths[i] - cell.length() + 2);
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}

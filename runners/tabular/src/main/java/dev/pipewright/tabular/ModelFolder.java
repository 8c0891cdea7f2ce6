package dev.pipewright.tabular;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.data.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a model's folder holds beside the model itself, for people and for the tools of MLflow:
/// `MLmodel` (flavours and signature), `input_example.json`, `requirements.txt` (what reads the
/// files that other libraries read) and `README.md`, the model card.
///
/// @param columns that the model reads, and whether each is a number
/// @param data what it was trained on
/// @param flavors files that a library reads by itself, by MLflow's name for it
public record ModelFolder(
    ModelCard card, Map<String, Boolean> columns, Data data, Map<String, String> flavors) {
  private static final int EXAMPLES = 3;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

  /// @param digest of the training data
  public record Data(String name, String digest, long rows) {}

  /// Writes them.
  ///
  /// @param examples rows of the training table; the first are shown as examples
  /// @param score what the model reached, in words
  public void write(Path folder, TaskContext context, Frame examples, String score)
      throws IOException {
    writeExample(folder, examples);
    Files.writeString(folder.resolve("MLmodel"), mlModel(context));
    Files.writeString(folder.resolve("README.md"), readme(score));
    Files.writeString(
        folder.resolve("requirements.txt"),
        flavors.keySet().stream()
            .sorted()
            .map(flavor -> flavor.equals("xgboost") ? "xgboost>=2.1\n" : flavor + "\n")
            .collect(Collectors.joining()));
  }

  /// As MLflow's own clients write it: YAML, of which JSON's texts are a part.
  private String mlModel(TaskContext context) throws JsonProcessingException {
    var text = new StringBuilder();
    text.append("artifact_path: model\n");
    text.append("flavors:\n");
    text.append("  pipewright:\n");
    text.append("    flavor: ").append(card.flavor()).append('\n');
    text.append("    format: ").append(card.format()).append('\n');
    text.append("    library: ").append(quoted(card.library())).append('\n');
    text.append("    predicted_by: pipewright/predict@v1\n");
    for (var flavor : flavors.entrySet()) {
      text.append("  ").append(flavor.getKey()).append(":\n");
      text.append("    data: ").append(quoted(flavor.getValue())).append('\n');
      if (flavor.getKey().equals("xgboost")) {
        text.append("    model_class: xgboost.core.Booster\n");
        text.append("    model_format: ubj\n");
      }
    }
    text.append("metadata:\n");
    text.append("  target: ").append(quoted(card.target().column())).append('\n');
    text.append("  task: ").append(card.target().kind().word()).append('\n');
    text.append("  data_digest: ").append(quoted(data.digest())).append('\n');
    text.append("  data_rows: ").append(data.rows()).append('\n');
    text.append("run_id: ").append(quoted(context.launch().trackedRunId())).append('\n');
    text.append("saved_input_example_info:\n");
    text.append("  artifact_path: input_example.json\n");
    text.append("  pandas_orient: split\n");
    text.append("  type: dataframe\n");
    text.append("signature:\n");
    text.append("  inputs: ").append(quoted(inputs())).append('\n');
    text.append("  outputs: ").append(quoted(outputs())).append('\n');
    text.append("utc_time_created: ")
        .append(quoted(TIME.format(LocalDateTime.now(ZoneOffset.UTC))))
        .append('\n');
    return text.toString();
  }

  private static String quoted(String text) throws JsonProcessingException {
    return Json.MAPPER.writeValueAsString(text);
  }

  private String inputs() throws JsonProcessingException {
    var inputs = new ArrayList<Map<String, Object>>();
    columns.forEach(
        (name, number) -> inputs.add(column(name, number ? "double" : "string", false)));
    return Json.MAPPER.writeValueAsString(inputs);
  }

  private String outputs() throws JsonProcessingException {
    var outputs = new ArrayList<Map<String, Object>>();
    outputs.add(column("prediction", card.target().regression() ? "double" : "string", true));
    card.target()
        .classes()
        .forEach(label -> outputs.add(column("probability_" + label, "double", true)));
    return Json.MAPPER.writeValueAsString(outputs);
  }

  private static Map<String, Object> column(String name, String type, boolean required) {
    var column = new LinkedHashMap<String, Object>();
    column.put("type", type);
    column.put("name", name);
    column.put("required", required);
    return column;
  }

  private void writeExample(Path folder, Frame examples) throws IOException {
    var names = List.copyOf(columns.keySet());
    var rows = new ArrayList<List<@Nullable Object>>();
    for (int row = 0; row < Math.min(EXAMPLES, examples.rows()); row++) {
      var cells = new ArrayList<@Nullable Object>();
      for (var name : names) {
        var column = examples.column(name);
        double number = column.number(row);
        if (column.missing(row)) {
          cells.add(null);
        } else {
          cells.add(Double.isFinite(number) ? (Object) number : column.text(row));
        }
      }
      rows.add(cells);
    }
    var example = new LinkedHashMap<String, Object>();
    example.put("columns", names);
    example.put("data", rows);
    Files.writeString(
        folder.resolve("input_example.json"), Json.MAPPER.writeValueAsString(example) + "\n");
  }

  private String readme(String score) {
    var target = card.target();
    var text = new StringBuilder();
    text.append("# A model of '%s'%n%n".formatted(target.column()));
    text.append(
        target.regression()
            ? "It predicts a number.%n%n".formatted()
            : "It tells %s apart and gives each a probability.%n%n"
                .formatted(String.join(", ", target.classes())));
    text.append("| | |%n|---|---|%n".formatted());
    row(text, "task", target.kind().word());
    row(text, "reached", score);
    row(text, "trained on", "%s, %,d rows".formatted(data.name(), data.rows()));
    row(text, "the data's digest", "`" + data.digest() + "`");
    row(text, "made with", card.library());
    text.append("%n## What it reads%n%n".formatted());
    text.append("| column | read as |%n|---|---|%n".formatted());
    columns.forEach((name, number) -> row(text, "`" + name + "`", number ? "number" : "text"));
    if (!card.dropped().isEmpty()) {
      text.append("%nNot learned from:%n%n".formatted());
      card.dropped().forEach((name, why) -> text.append("- `%s`: %s%n".formatted(name, why)));
    }
    text.append("%n## How it was made%n%n".formatted());
    text.append("| setting | |%n|---|---|%n".formatted());
    card.params().forEach((key, value) -> row(text, key, value));
    text.append(
        """

        ## Before it is used

        - It knows only what was in the training rows. A column that means something else now, or a class that was not there, it
          cannot see: hold new data against a schema with `pipewright/validate-data@v1`, and judge it on new rows with
          `pipewright/evaluate@v1`, also by slices of the people it decides about.
        - A value that was not there in training counts as missing.
        """);
    return text.toString();
  }

  private static void row(StringBuilder text, String key, String value) {
    text.append("| %s | %s |%n".formatted(key, value.replace("|", "\\|")));
  }
}

package dev.pipewright.tabular;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.onnx.Graph;
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
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a model's folder holds beside the model itself, for people and for the tools of MLflow:
/// `MLmodel` (flavours and signature), `input_example.json`, `requirements.txt` (what reads the
/// files that other libraries read) and `README.md`, the model card.
///
/// @param flavor what can load the model, in the model's own format
/// @param about what it does
/// @param signature what it is given and what it says
/// @param example in the form of the signature
/// @param data what it was trained on
/// @param flavors what else reads a file of the folder, and how, by MLflow's name for it
/// @param requirements of `pip`
/// @param params the settings of the training
/// @param dropped columns that were not learned from, and why
public record ModelFolder(
    Flavor flavor,
    About about,
    Signature signature,
    Example example,
    Data data,
    Map<String, Map<String, String>> flavors,
    List<String> requirements,
    Map<String, String> params,
    Map<String, String> dropped) {
  private static final int EXAMPLES = 3;

  /// More columns than this are not named one by one.
  private static final int MANY = 60;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

  public record Flavor(String name, int format, String library) {}

  /// @param title of the model card
  /// @param sentence what the model does
  /// @param target the column it predicts; null where there is none
  /// @param task such as `binary`
  /// @param reached how well it did, in words
  /// @param heed what to look out for before it is used
  public record About(
      String title,
      String sentence,
      @Nullable String target,
      String task,
      String reached,
      List<String> heed) {}

  /// @param digest of the training data
  public record Data(String name, String digest, long rows) {}

  /// A column of a table, or an array.
  ///
  /// @param type by MLflow's name, such as `double`; of an array numpy's, such as `float32`
  /// @param shape of an array, -1 for any length; empty for a column
  public record Field(String name, String type, boolean required, List<Long> shape) {
    public static Field column(String name, boolean number) {
      return new Field(name, number ? "double" : "string", false, List.of());
    }

    public static Field given(String name, String type) {
      return new Field(name, type, true, List.of());
    }

    public static Field array(String name, String type, Long... shape) {
      return new Field(name, type, true, List.of(shape));
    }

    private Map<String, Object> written() {
      var written = new LinkedHashMap<String, Object>();
      if (shape.isEmpty()) {
        written.put("type", type);
        written.put("name", name);
        written.put("required", required);
      } else {
        written.put("type", "tensor");
        written.put("name", name);
        written.put("tensor-spec", Map.of("dtype", type, "shape", shape));
      }
      return written;
    }

    private String word() {
      return switch (type) {
        case "double" -> "number";
        case "string" -> "text";
        default ->
            "%s, %s"
                .formatted(
                    type,
                    shape.stream()
                        .map(side -> side < 0 ? "any" : side.toString())
                        .collect(Collectors.joining(" × ")));
      };
    }
  }

  /// What a model is given and what it says: all columns, or all arrays.
  public record Signature(List<Field> inputs, List<Field> outputs) {
    /// What it says of each row of a table.
    public static List<Field> outputs(Target target) {
      var outputs = new ArrayList<Field>();
      outputs.add(Field.given("prediction", target.regression() ? "double" : "string"));
      target.classes().forEach(label -> outputs.add(Field.given("probability_" + label, "double")));
      return outputs;
    }
  }

  /// Something to give it.
  ///
  /// @param kind as MLflow calls it: `dataframe` or `ndarray`
  public record Example(String kind, JsonNode content) {
    /// The first rows of a table.
    public static Example of(Frame frame, List<Field> columns) {
      var rows = new ArrayList<List<@Nullable Object>>();
      for (int row = 0; row < Math.min(EXAMPLES, frame.rows()); row++) {
        var cells = new ArrayList<@Nullable Object>();
        for (var field : columns) {
          var column = frame.column(field.name());
          double number = column.number(row);
          if (field.type().equals("string")) {
            cells.add(column.missing(row) ? null : column.text(row));
          } else {
            cells.add(Double.isFinite(number) ? number : null);
          }
        }
        rows.add(cells);
      }
      return rows(columns.stream().map(Field::name).toList(), rows);
    }

    public static Example rows(List<String> columns, List<? extends List<?>> rows) {
      var content = new LinkedHashMap<String, Object>();
      content.put("columns", columns);
      content.put("data", rows);
      return new Example("dataframe", Json.MAPPER.valueToTree(content));
    }

    /// @param array nested lists or arrays of numbers
    public static Example array(String name, Object array) {
      return new Example("ndarray", Json.MAPPER.valueToTree(Map.of(name, array)));
    }
  }

  /// Of a model that predicts a table row by row.
  ///
  /// @param columns that it reads, and whether each is a number
  /// @param examples rows of the training table
  /// @param reached how well it did, in words
  public static ModelFolder of(
      ModelCard card, Map<String, Boolean> columns, Frame examples, Data data, String reached) {
    var inputs = new ArrayList<Field>();
    columns.forEach((name, number) -> inputs.add(Field.column(name, number)));
    return new ModelFolder(
        new Flavor(card.flavor(), card.format(), card.library()),
        about(card.target(), reached),
        new Signature(inputs, Signature.outputs(card.target())),
        Example.of(examples, inputs),
        data,
        Map.of(),
        List.of(),
        card.params(),
        card.dropped());
  }

  /// Of whatever predicts the rows of a table.
  public static About about(Target target, String reached) {
    return new About(
        "A model of '%s'".formatted(target.column()),
        target.regression()
            ? "It predicts a number."
            : "It tells %s apart and gives each a probability."
                .formatted(String.join(", ", target.classes())),
        target.column(),
        target.kind().word(),
        reached,
        List.of(
            "It knows only what was in the training rows. A column that means something else now, or a class that was not there, it cannot see: hold new data against a schema with `pipewright/validate-data@v1`, and judge it on new rows with `pipewright/evaluate@v1`, also by slices of the people it decides about.",
            "A value that was not there in training counts as missing."));
  }

  /// With a file that a library reads by itself.
  ///
  /// @param settings as MLflow writes them
  /// @param needs of `pip`
  public ModelFolder with(String flavor, Map<String, String> settings, String... needs) {
    var more = new LinkedHashMap<>(flavors);
    more.put(flavor, settings);
    var required = new ArrayList<>(requirements);
    required.addAll(List.of(needs));
    return new ModelFolder(
        this.flavor, about, signature, example, data, more, required, params, dropped);
  }

  /// With `model.onnx`. Where its inputs and outputs are the signature's, MLflow's `pyfunc`
  /// predicts with it; but a table of a single column it hands over in another form.
  public ModelFolder withOnnx(boolean asSigned) {
    var more = with("onnx", Map.of("data", Graph.FILE), "onnx>=1.12", "onnxruntime>=1.12");
    return asSigned && signature.inputs().size() > 1
        ? more.with(
            "python_function",
            new TreeMap<>(Map.of("data", Graph.FILE, "loader_module", "mlflow.onnx")),
            "mlflow")
        : more;
  }

  public void write(Path folder, TaskContext context) throws IOException {
    Files.writeString(
        folder.resolve("input_example.json"),
        Json.MAPPER.writeValueAsString(example.content()) + "\n");
    Files.writeString(folder.resolve("MLmodel"), mlModel(context));
    Files.writeString(folder.resolve("README.md"), readme());
    Files.writeString(
        folder.resolve("requirements.txt"),
        requirements.stream().distinct().map(each -> each + "\n").collect(Collectors.joining()));
  }

  /// As MLflow's own clients write it: YAML, of which JSON's texts are a part.
  private String mlModel(TaskContext context) throws JsonProcessingException {
    var text = new StringBuilder();
    text.append("artifact_path: model\n");
    text.append("flavors:\n");
    text.append("  pipewright:\n");
    text.append("    flavor: ").append(flavor.name()).append('\n');
    text.append("    format: ").append(flavor.format()).append('\n');
    text.append("    library: ").append(quoted(flavor.library())).append('\n');
    text.append("    predicted_by: pipewright/predict@v1\n");
    for (var other : flavors.entrySet()) {
      text.append("  ").append(other.getKey()).append(":\n");
      for (var setting : other.getValue().entrySet()) {
        text.append("    %s: %s%n".formatted(setting.getKey(), quoted(setting.getValue())));
      }
    }
    text.append("metadata:\n");
    if (about.target() != null) {
      text.append("  target: ").append(quoted(about.target())).append('\n');
    }
    text.append("  task: ").append(about.task()).append('\n');
    text.append("  data_digest: ").append(quoted(data.digest())).append('\n');
    text.append("  data_rows: ").append(data.rows()).append('\n');
    text.append("run_id: ").append(quoted(context.launch().trackedRunId())).append('\n');
    text.append("saved_input_example_info:\n");
    text.append("  artifact_path: input_example.json\n");
    if (example.kind().equals("dataframe")) {
      text.append("  pandas_orient: split\n");
    }
    text.append("  type: ").append(example.kind()).append('\n');
    text.append("signature:\n");
    text.append("  inputs: ").append(quoted(written(signature.inputs()))).append('\n');
    text.append("  outputs: ").append(quoted(written(signature.outputs()))).append('\n');
    text.append("utc_time_created: ")
        .append(quoted(TIME.format(LocalDateTime.now(ZoneOffset.UTC))))
        .append('\n');
    return text.toString();
  }

  private static String quoted(String text) throws JsonProcessingException {
    return Json.MAPPER.writeValueAsString(text);
  }

  private static String written(List<Field> fields) throws JsonProcessingException {
    return Json.MAPPER.writeValueAsString(fields.stream().map(Field::written).toList());
  }

  private String readme() {
    var text = new StringBuilder();
    text.append("# %s%n%n%s%n%n".formatted(about.title(), about.sentence()));
    text.append("| | |%n|---|---|%n".formatted());
    row(text, "task", about.task());
    row(text, "reached", about.reached());
    row(text, "trained on", "%s, %,d rows".formatted(data.name(), data.rows()));
    row(text, "the data's digest", "`" + data.digest() + "`");
    row(text, "made with", flavor.library());
    text.append("%n## What it reads%n%n".formatted());
    boolean columns = signature.inputs().stream().allMatch(field -> field.shape().isEmpty());
    text.append("| %s | read as |%n|---|---|%n".formatted(columns ? "column" : "array"));
    var inputs = signature.inputs();
    inputs.stream().limit(MANY).forEach(field -> row(text, "`" + field.name() + "`", field.word()));
    if (inputs.size() > MANY) {
      row(text, "and %,d more".formatted(inputs.size() - MANY), "see `MLmodel`");
    }
    if (!dropped.isEmpty()) {
      text.append("%nNot learned from:%n%n".formatted());
      dropped.forEach((name, why) -> text.append("- `%s`: %s%n".formatted(name, why)));
    }
    text.append("%n## How it was made%n%n".formatted());
    text.append("| setting | |%n|---|---|%n".formatted());
    params.forEach((key, value) -> row(text, key, value));
    text.append("%n## Before it is used%n%n".formatted());
    about.heed().forEach(each -> text.append("- ").append(each).append('\n'));
    return text.toString();
  }

  private static void row(StringBuilder text, String key, String value) {
    text.append("| %s | %s |%n".formatted(key, value.replace("|", "\\|")));
  }
}

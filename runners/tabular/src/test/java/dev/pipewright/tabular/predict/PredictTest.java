package dev.pipewright.tabular.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.Xgboost;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.LocalInputFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictTest {
  @TempDir Path folder;

  private Path model;

  private static String table(int rows, boolean target) {
    var text = new StringBuilder("name,x,colour" + (target ? ",y" : "") + "\n");
    var random = new Random(5);
    for (int i = 0; i < rows; i++) {
      int x = random.nextInt(100);
      text.append("n").append(i).append(',').append(x).append(',').append("rgb".charAt(i % 3));
      text.append(target ? "," + (x > 50 ? "high" : "low") : "").append('\n');
    }
    return text.toString();
  }

  @BeforeEach
  void train() throws Exception {
    var context =
        new FakeContext(folder.resolve("train"))
            .with("train", Files.writeString(folder.resolve("train.csv"), table(200, true)))
            .with("target", "y")
            .with("rounds", 20);
    new Xgboost().run(context);
    model = context.model();
  }

  private FakeContext predict(String name, Path data, Object... inputs) throws Exception {
    var context = new FakeContext(folder.resolve(name)).with("model", model).with("data", data);
    for (int i = 0; i < inputs.length; i += 2) {
      context.with((String) inputs[i], inputs[i + 1]);
    }
    new Predict().run(context);
    return context;
  }

  private static void right(Frame predicted, int rows) {
    assertThat(predicted.rows()).isEqualTo(rows);
    for (int row = 0; row < rows; row++) {
      double x = predicted.column("x").number(row);
      assertThat(x).isBetween(0.0, 100.0);
      if (Math.abs(x - 50) > 3) {
        assertThat(predicted.column("prediction").text(row)).isEqualTo(x > 50 ? "high" : "low");
      }
      double high = predicted.column("probability_high").number(row);
      assertThat(high + predicted.column("probability_low").number(row)).isBetween(0.999, 1.001);
      assertThat(predicted.column("name").text(row)).isEqualTo("n" + row);
    }
  }

  @Test
  void predictsManyBlocksInTheirOrderAndBothFormats() throws Exception {
    int rows = 40_000;
    var data = Files.writeString(folder.resolve("new.csv"), table(rows, false));
    var csv = predict("csv", data);
    assertThat(csv.outputs).containsEntry("rows", (long) rows);
    right(Frames.read(csv.outputs().resolve("predictions.csv"), "p"), rows);

    var parquet = predict("parquet", data, "format", "parquet");
    var file = parquet.outputs().resolve("predictions.parquet");
    right(Frames.read(file, "p"), rows);
    try (var reader = ParquetFileReader.open(new LocalInputFile(file))) {
      assertThat(reader.getFileMetaData().getSchema().toString())
          .contains(
              "optional binary name (STRING)",
              "optional int64 x;",
              "optional binary colour (STRING)",
              "optional double probability_high;");
    }
    // And from Parquet, which it then writes unless told.
    Files.copy(file, folder.resolve("again.parquet"));
    var again = predict("again", folder.resolve("again.parquet"), "keep", "name, x");
    var read = Frames.read(again.outputs().resolve("predictions.parquet"), "p");
    assertThat(read.columns())
        .containsExactly("name", "x", "prediction", "probability_high", "probability_low");
    right(read, rows);
  }

  @Test
  void idsKeepTheirDigits() throws Exception {
    var data =
        Files.writeString(
            folder.resolve("ids.csv"),
            "name,x,colour\n1234567890123456788,1,r\n1234567890123456789,90,g\n7,3,b\n");
    for (var format : new String[] {"csv", "parquet"}) {
      var file = predict(format, data, "format", format).outputs();
      var name = Frames.read(file.resolve("predictions." + format), "p").column("name");
      assertThat(new String[] {name.text(0), name.text(1), name.text(2)})
          .containsExactly("1234567890123456788", "1234567890123456789", "7");
    }
  }

  @Test
  void readsJsonLines() throws Exception {
    var data =
        Files.writeString(
            folder.resolve("new.jsonl"),
            "{\"x\": 90, \"name\": \"n0\"}\n{\"x\": 3, \"name\": \"n1\", \"colour\": \"r\"}\n");
    right(Frames.read(predict("j", data).outputs().resolve("predictions.csv"), "p"), 2);
  }

  @Test
  void whatIsStoppedSaysSo() throws Exception {
    var data = Files.writeString(folder.resolve("new.csv"), table(40_000, false));
    var context = new FakeContext(folder.resolve("s")).with("model", model).with("data", data);
    context.patience = 1;
    assertThatThrownBy(() -> new Predict().run(context)).hasMessageContaining("16,384 rows");
    assertThat(context.outputs).doesNotContainKey("rows");
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    var data = Files.writeString(folder.resolve("new.csv"), table(3, false));
    assertThatThrownBy(() -> predict("a", data, "keep", "nmae"))
        .hasMessageContaining("COLUMN_NOT_FOUND")
        .hasMessageContaining("'nmae'");
    assertThatThrownBy(() -> predict("b", data, "format", "xls"))
        .hasMessageContaining("'csv' or 'parquet'");
    var other = Files.writeString(folder.resolve("other.csv"), "a,b\n1,2\n");
    assertThatThrownBy(() -> predict("c", other)).hasMessageContaining("no column '");
  }

  @Test
  void theModelSaysWhatItIs() throws Exception {
    var text = Files.readString(model.resolve("MLmodel"));
    assertThat(text)
        .contains("flavors:\n  pipewright:\n", "  xgboost:\n    data: \"model.ubj\"")
        .contains("\\\"name\\\":\\\"probability_high\\\"");
    JsonNode example = Json.MAPPER.readTree(model.resolve("input_example.json").toFile());
    assertThat(example.get("columns")).hasToString("[\"x\",\"colour\"]");
    assertThat(example.get("data")).hasSize(3);
    assertThat(Files.readString(model.resolve("README.md")))
        .contains("# A model of 'y'", "nearly every row has a value of its own");
  }
}

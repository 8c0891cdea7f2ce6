package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XgboostPredictorTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"default", "purpose", "income"})
  void contributions_add_up_to_what_it_says(String target) throws Exception {
    var data = folder.resolve("loans.csv");
    DemoData.write(data, 400, 3);
    var train = new FakeContext(folder.resolve("train")).with("train", data).with("target", target);
    new Xgboost().run(train);
    try (var model = Predictor.open(train.model())) {
      var frame = Frames.read(data, "loans.csv").rows(new int[] {0, 7, 99, 200});
      var predicted = model.predict(frame);
      var contributions = ((Explainable) model).contributions(frame);
      assertThat(contributions.columns()).hasSize(12).doesNotContain(target);
      for (int row = 0; row < frame.rows(); row++) {
        var said = new double[contributions.outputs().size()];
        for (int output = 0; output < said.length; output++) {
          said[output] = contributions.expected()[output];
          for (double value : contributions.values()[output][row]) {
            said[output] += value;
          }
        }
        switch (model.card().target().kind()) {
          case BINARY ->
              assertThat(1 / (1 + Math.exp(-said[0]))).isCloseTo(predicted[row][1], within(1e-5));
          case MULTICLASS -> {
            double all = 0;
            for (double margin : said) {
              all += Math.exp(margin);
            }
            assertThat(Math.exp(said[1]) / all).isCloseTo(predicted[row][1], within(1e-5));
          }
          case REGRESSION ->
              assertThat(said[0]).isCloseTo(predicted[row][0], within(1e-4 * Math.abs(said[0])));
        }
      }
    }
  }

  @Test
  void a_frame_becomes_the_same_numbers_as_a_table() throws Exception {
    var file = folder.resolve("odd.csv");
    Files.writeString(
        file,
        """
        number,code,mixed,rare
        1.50,007,1.50,a
        inf,7,x,b
        ,?,,
        -2e3,007,1.5,never seen
        1e39,text,2.0,1.0
        """);
    var features =
        new Features(
            List.of(
                new Feature.Number("number"),
                new Feature.OneHot("code", List.of("007", "7", "text")),
                new Feature.OneHot("mixed", List.of("1.50", "2.0", "x")),
                new Feature.Frequency("rare", Map.of("a", 0.5, "b", 0.25, "1.0", 0.125))),
            Map.of());
    var ofTable = features.encode(Table.read(file, "odd.csv"));
    var ofFrame = FrameEncoding.of(features, Frames.read(file, "odd.csv"));
    // Row 4 says 1.5 where the category was written 1.50: the same number to a frame.
    int sameNumber = 3 * features.width() + 3;
    ofTable[sameNumber + 1] = 1;
    ofTable[sameNumber + 2] = 0;
    ofTable[sameNumber + 3] = 0;
    assertThat(ofFrame).isEqualTo(ofTable);
  }

  @Test
  void a_frame_with_another_column() throws Exception {
    var file = folder.resolve("two.csv");
    Files.writeString(file, "a,b\n1,x\n2,y\n,z\n");
    var frame = Frames.read(file, "two.csv");
    var other = frame.with(1, new int[] {2, 0, 0});
    assertThat(texts(other, 0)).containsExactly("1", "2", "");
    assertThat(texts(other, 1)).containsExactly("z", "x", "x");
    assertThat(texts(frame, 1)).containsExactly("x", "y", "z");
  }

  @Test
  void refuses_a_model_it_cannot_read() throws Exception {
    var model = Files.createDirectories(folder.resolve("model"));
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("MODEL_UNREADABLE: the model has no pipewright-model.json");
    Files.writeString(model.resolve("pipewright-model.json"), "{\"format\": 9}");
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("format 9; this version reads 1");
    Files.writeString(model.resolve("pipewright-model.json"), "{\"form");
    assertThatThrownBy(() -> Predictor.open(model)).hasMessageContaining("MODEL_UNREADABLE");
    new ModelCard(
            1,
            "xgboost",
            "xgboost4j",
            new Target("y", Target.Kind.REGRESSION, List.of()),
            List.of(),
            0,
            List.of(),
            Map.of(),
            4,
            1,
            "m",
            0,
            Map.of())
        .write(model);
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("the model has no model.ubj");
    Files.writeString(model.resolve("model.ubj"), "nonsense");
    assertThatThrownBy(() -> Predictor.open(model))
        .hasMessageContaining("model.ubj cannot be loaded");
  }

  private static List<String> texts(Frame frame, int column) {
    return IntStream.range(0, frame.rows()).mapToObj(frame.column(column)::text).toList();
  }
}

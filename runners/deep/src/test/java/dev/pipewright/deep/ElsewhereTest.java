package dev.pipewright.deep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Writes small models of every architecture and what they say, for clients/models.py, which reads
/// them with the libraries of others.
@EnabledIfSystemProperty(named = "pipewright.models", matches = ".+")
class ElsewhereTest {
  private static Path folder;

  @BeforeAll
  static void where() throws Exception {
    folder = Files.createDirectories(Path.of(System.getProperty("pipewright.models")));
  }

  private Path train(String name, Path data, Map<String, Object> inputs) throws Exception {
    var context = new FakeContext(folder.resolve(name)).with("train", data);
    inputs.forEach(context::with);
    context.with("onnx", true).with("epochs", 2).with("learningRate", 0.01);
    new Train().run(context);
    return context.model();
  }

  private void said(String name, Object what) throws Exception {
    Json.MAPPER.writeValue(folder.resolve(name).resolve("said.json").toFile(), what);
  }

  /// What goes into a graph that is given no columns.
  private void given(String name, String input, Object array) throws Exception {
    Json.MAPPER.writeValue(
        folder.resolve(name).resolve("given.json").toFile(), Map.of(input, array));
  }

  private void rows(String name, Path data, Map<String, Object> inputs) throws Exception {
    try (var predictor = Predictor.open(train(name, data, inputs))) {
      var frame = Frames.read(data, name);
      said(name, predictor.predict(frame));
      var rows = IntStream.range(0, frame.rows()).toArray();
      switch (predictor.card().preparation()) {
        case Images images ->
            given(name, "image", square(Images.raw(frame, images.columns(), rows), 1, 9));
        case Preparation.Steps steps -> given(name, "steps", steps(frame, steps));
        case Preparation.Words words -> given(name, "tokens", padded(frame, words, rows));
        default -> {}
      }
    }
  }

  private static float[][][][] square(float[][] images, int channels, int side) {
    var square = new float[images.length][channels][side][side];
    for (int i = 0; i < images.length; i++) {
      for (int at = 0; at < images[i].length; at++) {
        square[i][at / (side * side)][at / side % side][at % side] = images[i][at];
      }
    }
    return square;
  }

  /// The numbers as they are; NaN for those that are missing and before a short sequence.
  private static List<double[][]> steps(Frame frame, Preparation.Steps steps) {
    var all = new ArrayList<double[][]>();
    for (var rows : Preparation.Steps.grouped(frame, steps.sequence()).values()) {
      var one = new double[steps.length()][steps.numbers().size()];
      for (int step = 0; step < one.length; step++) {
        int row = rows.length - one.length + step;
        for (int i = 0; i < steps.numbers().size(); i++) {
          one[step][i] =
              row < 0
                  ? Double.NaN
                  : frame.column(steps.numbers().get(i).column()).number(rows[row]);
        }
      }
      all.add(one);
    }
    return all;
  }

  private static int[][] padded(Frame frame, Preparation.Words words, int[] rows) {
    var tokens = words.encode(frame, rows);
    var padded = new int[tokens.length][words.length()];
    for (int i = 0; i < tokens.length; i++) {
      int used = Math.min(words.length(), tokens[i].length);
      int to = words.atTheEnd() ? words.length() - used : 0;
      System.arraycopy(tokens[i], 0, padded[i], to, used);
    }
    return padded;
  }

  private Path table(String name, String content) throws Exception {
    return Files.writeString(folder.resolve(name + ".csv"), content);
  }

  private static String mixed(int rows, boolean number) {
    var random = new Random(3);
    var csv = new StringBuilder("x,y,colour,target\n");
    for (int i = 0; i < rows; i++) {
      double x = random.nextGaussian();
      boolean red = random.nextBoolean();
      csv.append(random.nextInt(9) == 0 ? "" : Double.toString(x))
          .append(',')
          .append(random.nextGaussian() * 1000)
          .append(random.nextInt(9) == 0 ? "," : red ? ",red" : ",blue")
          .append(number ? "," + (100 + x) : red == x > 0 ? ",in" : ",out")
          .append('\n');
    }
    return csv.toString();
  }

  @Test
  void rows() throws Exception {
    rows(
        "mlp",
        table("mlp", mixed(300, false)),
        Map.of("architecture", "mlp", "target", "target", "hidden", "16,8"));
    rows(
        "mlp-number",
        table("mlp-number", mixed(300, true)),
        Map.of("architecture", "mlp", "target", "target", "hidden", "16"));
  }

  @Test
  void images() throws Exception {
    var random = new Random(1);
    var csv = new StringBuilder("label");
    for (int i = 0; i < 81; i++) {
      csv.append(",p").append(i);
    }
    for (int row = 0; row < 90; row++) {
      csv.append('\n').append(row % 3);
      for (int i = 0; i < 81; i++) {
        csv.append(',').append(random.nextInt(256));
      }
    }
    rows(
        "cnn",
        table("cnn", csv.append('\n').toString()),
        Map.of("architecture", "cnn", "target", "label", "filters", "4,8", "width", 8));

    var images = folder.resolve("images");
    for (int i = 0; i < 24; i++) {
      var image = new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB);
      for (int at = 0; at < 81; at++) {
        image.setRGB(at % 9, at / 9, random.nextInt(1 << 24));
      }
      var to = Files.createDirectories(images.resolve(i % 2 == 0 ? "one" : "two"));
      ImageIO.write(image, "png", to.resolve(i + ".png").toFile());
    }
    var model =
        train(
            "cnn-files",
            images,
            Map.of(
                "architecture", "cnn", "imageSize", 9, "channels", 3, "filters", "4", "width", 8));
    try (var predictor = Predictor.open(model)) {
      said("cnn-files", predictor.predictImages(images));
      given("cnn-files", "image", square(Images.read(Images.files(images, "images"), 3, 9), 3, 9));
    }
  }

  @Test
  void sequences() throws Exception {
    var random = new Random(4);
    var csv = new StringBuilder("walk,height,wind,way\n");
    for (int walk = 0; walk < 60; walk++) {
      double height = random.nextGaussian() * 5;
      for (int i = 4 + random.nextInt(8); i > 0; i--) {
        height += random.nextGaussian();
        csv.append('w').append(walk).append(',').append(height).append(',');
        csv.append(random.nextInt(9) == 0 ? "" : Double.toString(random.nextGaussian()));
        csv.append(walk % 2 == 0 ? ",up\n" : ",down\n");
      }
    }
    for (var cell : new String[] {"lstm", "gru"}) {
      rows(
          cell,
          table(cell, csv.toString()),
          Map.of(
              "architecture",
              cell,
              "target",
              "way",
              "sequence",
              "walk",
              "length",
              8,
              "width",
              6,
              "layers",
              2));
    }
  }

  @Test
  void texts() throws Exception {
    var random = new Random(5);
    var things = new String[] {"food", "room", "view", "staff", "music"};
    var csv = new StringBuilder("text,mood\n");
    for (int i = 0; i < 120; i++) {
      csv.append("the ").append(things[random.nextInt(5)]).append(" was ");
      csv.append(i % 2 == 0 ? "good and we liked it,1\n" : "bad,0\n");
    }
    for (var architecture : new String[] {"transformer", "gru"}) {
      var name = architecture + "-text";
      rows(
          name,
          table(name, csv.toString()),
          Map.of(
              "architecture",
              architecture,
              "target",
              "mood",
              "text",
              "text",
              "length",
              10,
              "width",
              8,
              "heads",
              2,
              "layers",
              2,
              "vocabulary",
              280));
    }
  }

  @Test
  void language() throws Exception {
    var text = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.append(i % 2 == 0 ? "the cat sees the dog.\n" : "the fox fears a bird.\n");
    }
    var file = Files.writeString(folder.resolve("story.txt"), text.toString());
    var model =
        train(
            "gpt",
            file,
            Map.of(
                "architecture",
                "gpt",
                "length",
                12,
                "width",
                8,
                "heads",
                2,
                "layers",
                2,
                "vocabulary",
                270,
                "sample",
                20));
    try (var predictor = Predictor.open(model)) {
      var card = predictor.card();
      assertThat(card.preparation()).isInstanceOf(Preparation.Language.class);
      var tokens = ((Preparation.Language) card.preparation()).tokens().encode("the cat fears");
      given("gpt", "tokens", List.of(tokens));
      said("gpt", predictor.scores(tokens));
    }
  }

  @Test
  void choices() throws Exception {
    var random = new Random(7);
    var csv = new StringBuilder("user,item\n");
    for (int user = 0; user < 30; user++) {
      for (int i = 0; i < 6; i++) {
        csv.append('u').append(user).append(",i").append(random.nextInt(20)).append('\n');
      }
    }
    var model =
        train(
            "recommender",
            table("recommender", csv.toString()),
            Map.of("architecture", "recommender", "width", 4));
    try (var predictor = Predictor.open(model)) {
      given("recommender", "user", List.of("u3", "nobody"));
      said("recommender", predictor.recommend("u3", 20));
    }
  }
}

package dev.pipewright.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.evaluate.Evaluate;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every architecture on data in which there is something to find, to a bar that guessing does not
/// reach.
class TrainTest {
  @TempDir Path folder;

  private FakeContext context(String name) throws Exception {
    return new FakeContext(folder.resolve(name));
  }

  private FakeContext train(String name, Path data, Map<String, Object> inputs) throws Exception {
    var context = context(name).with("train", data);
    inputs.forEach(context::with);
    new Train().run(context);
    return context;
  }

  /// Names and values by turns.
  private static Map<String, Object> inputs(Object... namesAndValues) {
    var inputs = new TreeMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      inputs.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return inputs;
  }

  private Path file(String name, String content) throws Exception {
    return Files.writeString(folder.resolve(name), content);
  }

  /// Two numbers, one of them missing at times, and a colour that turns what they mean around.
  private static String rings(int rows, boolean regression) {
    var random = new Random(3);
    var csv = new StringBuilder("x,y,colour,target\n");
    for (int i = 0; i < rows; i++) {
      double x = random.nextGaussian();
      double y = random.nextGaussian();
      boolean red = random.nextBoolean();
      double found = (x * x + y * y > 1.4 ? 1 : -1) * (red ? 1 : -1);
      csv.append(random.nextInt(20) == 0 ? "" : Double.toString(x))
          .append(',')
          .append(y)
          .append(red ? ",red," : ",blue,")
          .append(
              regression
                  ? Double.toString(100 + 10 * found * Math.abs(x))
                  : found > 0 ? "in" : "out")
          .append('\n');
    }
    return csv.toString();
  }

  @Test
  void mlpClassifies() throws Exception {
    var context =
        train(
            "mlp",
            file("rings.csv", rings(600, false)),
            inputs("architecture", "mlp", "target", "target", "epochs", 30, "learningRate", 0.01));
    assertThat(context.output("accuracy")).isGreaterThan(0.85);
    assertThat(context.outputs).containsKeys("model", "metric", "bestScore", "epochs");
    assertThat(context.outputs().resolve("report.json")).content().contains("validation-accuracy");
    assertThat(page(context))
        .contains("Training: target", "How it learned", "Actual and predicted classes")
        .contains("<td>row ", "pipewright/predict@v1", "sha256:0");
    assertThat(context.params).containsEntry("architecture", "mlp").containsEntry("batch", "64");
    try (var predictor = Predictor.open(context.model())) {
      var frame = Frames.read(file("again.csv", rings(600, false)), "again");
      var predicted = predictor.predict(frame);
      int right = 0;
      for (int row = 0; row < predicted.length; row++) {
        assertThat(predicted[row][0] + predicted[row][1]).isCloseTo(1, within(1e-6));
        var label = predictor.classes().get(predicted[row][0] > predicted[row][1] ? 0 : 1);
        right += label.equals(frame.column("target").text(row)) ? 1 : 0;
      }
      assertThat(right / 600.0).isGreaterThan(0.85);
    }
    // And the tasks that judge any model of a table read it.
    var judged =
        context("evaluate")
            .with("model", context.model())
            .with("data", folder.resolve("again.csv"))
            .with("explain", false);
    new Evaluate().run(judged);
    assertThat(judged.output("accuracy")).isGreaterThan(0.85);
    assertThat(judged.output("baseline")).isBetween(0.3, 0.7);
  }

  /// Of these, 65 are learned from, one more than a batch.
  @Test
  void mlpLearnsFromARowThatIsLeftOver() throws Exception {
    var data = file("rings.csv", rings(81, false));
    var context =
        train("left-over", data, inputs("architecture", "mlp", "target", "target", "epochs", 2));
    assertThat(context.outputs).containsKey("model");
    assertThatThrownBy(() ->
            train("single", data, inputs("architecture", "mlp", "target", "target", "batch", 1)))
        .hasMessageContaining(
            "INPUT_INVALID: a network with batch norms cannot learn from one row");
  }

  private static String page(FakeContext context) throws Exception {
    return Files.readString(context.outputs().resolve("page.html"));
  }

  @Test
  void mlpPredictsNumbersInTheirOwnUnit() throws Exception {
    var context =
        train(
            "mlp",
            file("rings.csv", rings(600, true)),
            inputs("architecture", "mlp", "target", "target", "epochs", 40, "learningRate", 0.01));
    // The target's standard deviation is above 9.
    assertThat(context.output("rmse")).isBetween(0.1, 6.0);
    assertThat(page(context)).contains("Residuals", "It reached validation rmse ");
    try (var predictor = Predictor.open(context.model())) {
      var predicted = predictor.predict(Frames.read(folder.resolve("rings.csv"), "rings"));
      assertThat(predicted[0][0]).isBetween(50.0, 150.0);
    }
  }

  /// A bright line on noise: standing or lying.
  private static float[] line(int kind, Random random) {
    var pixels = new float[64];
    for (int i = 0; i < 64; i++) {
      pixels[i] = random.nextInt(90);
    }
    int at = random.nextInt(8);
    for (int i = 0; i < 8; i++) {
      pixels[kind == 0 ? i * 8 + at : at * 8 + i] = 160 + random.nextInt(90);
    }
    return pixels;
  }

  @Test
  void cnnSeesImagesInRowsOfPixels() throws Exception {
    var random = new Random(1);
    var csv = new StringBuilder("label");
    for (int i = 0; i < 64; i++) {
      csv.append(",p").append(i);
    }
    for (int row = 0; row < 300; row++) {
      csv.append('\n').append(row % 2 == 0 ? "standing" : "lying");
      for (float pixel : line(row % 2, random)) {
        csv.append(',').append((int) pixel);
      }
    }
    var context =
        train(
            "cnn",
            file("lines.csv", csv.append('\n').toString()),
            inputs(
                "architecture",
                "cnn",
                "target",
                "label",
                "filters",
                "8",
                "width",
                16,
                "epochs",
                6,
                "learningRate",
                0.01));
    assertThat(context.output("accuracy")).isGreaterThan(0.9);
    try (var predictor = Predictor.open(context.model())) {
      var frame = Frames.read(folder.resolve("lines.csv"), "lines");
      var predicted = predictor.predict(frame);
      assertThat(predictor.classes()).containsExactly("lying", "standing");
      assertThat(predicted[0][1]).isGreaterThan(0.5);
      assertThat(predicted[1][0]).isGreaterThan(0.5);
    }
  }

  private Path imageFiles() throws Exception {
    var random = new Random(2);
    for (int i = 0; i < 120; i++) {
      var pixels = line(i % 2, random);
      var image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
      for (int at = 0; at < 64; at++) {
        image.getRaster().setSample(at % 8, at / 8, 0, (int) pixels[at]);
      }
      var to = folder.resolve("images").resolve(i % 2 == 0 ? "standing" : "lying");
      Files.createDirectories(to);
      ImageIO.write(image, "png", to.resolve(i + ".png").toFile());
    }
    return folder.resolve("images");
  }

  @Test
  void cnnSeesImagesInAFolderForEachClassAndIsTrainedFurtherOnOthers() throws Exception {
    var images = imageFiles();
    var context =
        train(
            "cnn",
            images,
            inputs(
                "architecture",
                "cnn",
                "imageSize",
                8,
                "filters",
                "8",
                "width",
                16,
                "epochs",
                8,
                "batch",
                16,
                "learningRate",
                0.01));
    assertThat(context.output("accuracy")).isGreaterThan(0.9);
    // A third class: the head is new, all below it is kept, and frozen for one epoch of two.
    var blank = Files.createDirectories(images.resolve("none"));
    for (int i = 0; i < 60; i++) {
      ImageIO.write(
          new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY),
          "png",
          blank.resolve(i + ".png").toFile());
    }
    var further =
        train(
            "further",
            images,
            inputs(
                "from",
                context.model(),
                "freeze",
                2,
                "epochs",
                4,
                "batch",
                16,
                "learningRate",
                0.02));
    assertThat(further.output("accuracy")).isGreaterThan(0.9);
    var before = SafeTensors.read(context.model().resolve(Card.WEIGHTS)).tensors();
    var after = SafeTensors.read(further.model().resolve(Card.WEIGHTS)).tensors();
    assertThat(after.keySet()).isEqualTo(before.keySet());
    try (var predictor = Predictor.open(further.model())) {
      assertThat(predictor.classes()).containsExactly("lying", "none", "standing");
      assertThat(predictor.predictImages(blank)[0][1]).isGreaterThan(0.5);
      var table = Frames.read(file("table.csv", "folder,a\nlying,1\nnone,2\n"), "table");
      assertThatThrownBy(() -> predictor.predict(table))
          .hasMessageContaining("this model does not predict from a table's rows");
    }
    assertThat(page(context)).doesNotContain("pipewright/predict@v1");
    var judged =
        context("evaluate")
            .with("model", context.model())
            .with("data", folder.resolve("table.csv"));
    assertThatThrownBy(() -> new Evaluate().run(judged))
        .hasMessageContaining("MODEL_UNREADABLE: this model does not predict a table row by row");
  }

  @Test
  void anImageThatCannotBeReadIsNamed() throws Exception {
    var images = imageFiles();
    for (var format : List.of("png", "jpg", "gif", "bmp")) {
      var whole = new ByteArrayOutputStream();
      ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR), format, whole);
      var cut = images.resolve("standing/cut." + format);
      Files.write(cut, Arrays.copyOf(whole.toByteArray(), 30));
      assertThatThrownBy(() -> train("unreadable", images, inputs("architecture", "cnn")))
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining(
              "TABLE_UNREADABLE: standing/cut.%s is not an image that can be read"
                  .formatted(format));
      Files.delete(cut);
    }
  }

  @Test
  void whatIsFrozenStaysAsItWas() throws Exception {
    var data = file("rings.csv", rings(300, false));
    var first =
        train("first", data, inputs("architecture", "mlp", "target", "target", "epochs", 2));
    var frozen = train("frozen", data, inputs("from", first.model(), "freeze", 3, "epochs", 3));
    var before = SafeTensors.read(first.model().resolve(Card.WEIGHTS)).tensors();
    var after = SafeTensors.read(frozen.model().resolve(Card.WEIGHTS)).tensors();
    var head = Card.read(first.model()).architecture().head();
    int kept = 0;
    for (var name : before.keySet()) {
      if (name.startsWith(head)) {
        assertThat(after.get(name).data()).isNotEqualTo(before.get(name).data());
      } else if (!name.contains("unning")) {
        assertThat(after.get(name).data()).as(name).isEqualTo(before.get(name).data());
        kept++;
      }
    }
    assertThat(kept).isGreaterThan(4);
    var thawed = train("thawed", data, inputs("from", first.model(), "freeze", 1, "epochs", 3));
    var last = SafeTensors.read(thawed.model().resolve(Card.WEIGHTS)).tensors();
    assertThat(last.get("01Linear_weight").data())
        .isNotEqualTo(before.get("01Linear_weight").data());
  }

  /// Rising or falling, of different lengths.
  private static String walks() {
    var random = new Random(4);
    var csv = new StringBuilder("walk,height,way\n");
    for (int walk = 0; walk < 240; walk++) {
      boolean up = random.nextBoolean();
      double height = random.nextGaussian() * 5;
      int steps = 5 + random.nextInt(8);
      for (int i = 0; i < steps; i++) {
        height += (up ? 0.4 : -0.4) + random.nextGaussian() * 0.3;
        csv.append('w').append(walk).append(',').append(height).append(up ? ",up\n" : ",down\n");
      }
    }
    return csv.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lstm", "gru"})
  void sequencesOfRowsAreRead(String cell) throws Exception {
    var context =
        train(
            cell,
            file("walks.csv", walks()),
            inputs(
                "architecture",
                cell,
                "target",
                "way",
                "sequence",
                "walk",
                "length",
                12,
                "width",
                16,
                "layers",
                1,
                "epochs",
                30,
                "learningRate",
                0.02,
                "batch",
                32));
    assertThat(context.output("accuracy")).isGreaterThan(0.85);
    try (var predictor = Predictor.open(context.model())) {
      assertThat(predictor.predict(Frames.read(folder.resolve("walks.csv"), "walks")))
          .hasNumberOfRows(240);
    }
  }

  /// What comes last decides, so a bag of words would not do.
  private static String reviews() {
    var random = new Random(5);
    var things = new String[] {"food", "room", "view", "staff", "music"};
    var csv = new StringBuilder("text,mood\n");
    for (int i = 0; i < 400; i++) {
      boolean good = random.nextBoolean();
      var one =
          "the " + things[random.nextInt(5)] + " was " + (random.nextBoolean() ? "good" : "bad");
      csv.append(one)
          .append(" but on the whole it was ")
          .append(good ? "lovely" : "awful")
          .append(good ? ",1\n" : ",0\n");
    }
    return csv.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"transformer", "gru"})
  void textsAreRead(String architecture) throws Exception {
    var context =
        train(
            architecture,
            file("reviews.csv", reviews()),
            inputs(
                "architecture",
                architecture,
                "target",
                "mood",
                "text",
                "text",
                "length",
                16,
                "width",
                32,
                "layers",
                1,
                "vocabulary",
                300,
                "epochs",
                8,
                "learningRate",
                0.01));
    assertThat(context.output("accuracy")).isGreaterThan(0.95);
    try (var predictor = Predictor.open(context.model())) {
      var frame =
          Frames.read(
              file("new.csv", "text\nthe food was bad but on the whole it was lovely\n"), "new");
      assertThat(predictor.predict(frame)[0][1]).isGreaterThan(0.5);
    }
  }

  private static String story() {
    var random = new Random(6);
    var who = new String[] {"the cat", "the dog", "a bird", "the fox"};
    var does = new String[] {"sees", "follows", "likes", "fears"};
    var text = new StringBuilder();
    for (int i = 0; i < 1500; i++) {
      text.append(who[random.nextInt(4)])
          .append(' ')
          .append(does[random.nextInt(4)])
          .append(' ')
          .append(who[random.nextInt(4)])
          .append(".\n");
    }
    return text.toString();
  }

  @Test
  void aLanguageModelLearnsToWriteAndGoesOnWhereItWasStopped() throws Exception {
    var text = file("story.txt", story());
    Map<String, Object> inputs =
        inputs(
            "architecture",
            "gpt",
            "length",
            16,
            "width",
            32,
            "heads",
            2,
            "layers",
            1,
            "vocabulary",
            290,
            "epochs",
            2,
            "learningRate",
            0.01,
            "batch",
            16,
            "accumulate",
            2,
            "sample",
            40);
    var whole = train("whole", text, inputs);
    // Of about nine tokens a sentence only three are open, with four choices each.
    assertThat(whole.output("perplexity")).isBetween(1.0, 2.2);
    assertThat(whole.artifacts().resolve("sample.txt")).content().contains(".\n");
    assertThat(whole.metrics).containsKey("tokens-per-second");

    var stopped = context("stopped").with("train", text);
    inputs.forEach(stopped::with);
    stopped.patience = 11;
    assertThatThrownBy(() -> new Train().run(stopped)).isInstanceOf(InterruptedException.class);
    assertThat(stopped.outputs).doesNotContainKey("model");
    var curve = new TreeMap<>(stopped.metrics.get("loss"));
    // In its sixth step, between the two batches of it, which is then taken anew.
    assertThat(curve).hasSize(5);
    stopped.patience = Integer.MAX_VALUE;
    stopped.metrics.clear();
    new Train().run(stopped);
    assertThat(stopped.metrics.get("loss").firstKey()).isEqualTo(5);
    curve.putAll(stopped.metrics.get("loss"));
    assertThat(curve).isEqualTo(whole.metrics.get("loss"));
    assertThat(stopped.output("perplexity")).isEqualTo(whole.output("perplexity"));
    // The page's curve too is whole, and so the same.
    var loss = Pattern.compile("Loss of each step</figcaption>(.*?)</figure>", Pattern.DOTALL);
    var drawn = loss.matcher(page(whole));
    assertThat(drawn.find()).isTrue();
    assertThat(page(stopped))
        .contains(drawn.group(1))
        .contains("What it writes", "Always the likeliest");
  }

  @Test
  void aLanguageModelLearnsInHalfOfThePrecision() throws Exception {
    var context =
        train(
            "half",
            file("story.txt", story()),
            inputs(
                "architecture",
                "gpt",
                "length",
                16,
                "width",
                32,
                "heads",
                2,
                "layers",
                1,
                "vocabulary",
                290,
                "epochs",
                2,
                "learningRate",
                0.01,
                "batch",
                32,
                "precision",
                "float16",
                "sample",
                0));
    assertThat(context.output("perplexity")).isBetween(1.0, 2.4);
  }

  @Test
  void aRecommenderRanksWhatAUserLikesAboveTheRest() throws Exception {
    var random = new Random(7);
    var csv = new StringBuilder("user,item\n");
    for (int user = 0; user < 120; user++) {
      for (int i = 0; i < 8; i++) {
        // Four tastes of ten items each.
        csv.append('u')
            .append(user)
            .append(",i")
            .append(user % 4 * 10 + random.nextInt(10))
            .append('\n');
      }
    }
    var context =
        train(
            "recommender",
            file("choices.csv", csv.toString()),
            inputs(
                "architecture",
                "recommender",
                "width",
                8,
                "epochs",
                20,
                "learningRate",
                0.05,
                "batch",
                32));
    // By chance the right one of forty would be among ten in a quarter of the cases.
    assertThat(context.output("recall")).isGreaterThan(0.9);
    assertThat(context.output("ndcg")).isGreaterThan(0.4);
    try (var predictor = Predictor.open(context.model())) {
      assertThat(predictor.recommend("u3", 5)).allMatch(item -> item.startsWith("i3"));
      assertThatThrownBy(() -> predictor.recommend("nobody", 5)).hasMessageContaining("nobody");
    }
  }

  @Test
  void choicesOfNobodyThatIsKnownAreRefused() throws Exception {
    var known = file("known.csv", "user,item\n" + "u1,a\nu1,b\nu2,a\nu2,c\n".repeat(3));
    var first =
        train("known", known, inputs("architecture", "recommender", "width", 4, "epochs", 1));
    var others = file("others.csv", "user,item\n" + "v1,a\nv2,b\n".repeat(5));
    assertThatThrownBy(() -> train("others", others, inputs("from", first.model())))
        .hasMessageContaining(
            "TABLE_EMPTY: no row of others.csv has both a 'user' and an 'item' that the model knows");
    var nobody = file("nobody.csv", "user,item\n" + ",a\n,b\n".repeat(5));
    assertThatThrownBy(() -> train("nobody", nobody, inputs("architecture", "recommender")))
        .hasMessageContaining("TABLE_EMPTY: no row of nobody.csv has both a 'user' and an 'item'");
    var some = file("some.csv", "user,item\n" + "u1,a\nv2,b\nu2,b\n,c\n".repeat(3));
    var context = train("some", some, inputs("from", first.model(), "epochs", 1));
    assertThat(context.outputs).containsKey("model");
  }

  @Test
  void allThatIsWrongWithTheInputsIsSaidAtOnce() throws Exception {
    var context =
        context("wrong")
            .with("train", file("rings.csv", rings(20, false)))
            .with("architecture", "mpl")
            .with("epochs", 0)
            .with("optimizer", "lion")
            .with("budget", "soon")
            .with("hidden", "64;32");
    assertThatThrownBy(() -> new Train().run(context))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("INPUT_INVALID");
              assertThat(e.problem().detail().lines())
                  .hasSize(5)
                  .anyMatch(
                      line -> line.contains("'architecture' is 'mpl'") && line.contains("mlp"))
                  .anyMatch(line -> line.contains("'epochs' is 0"))
                  .anyMatch(line -> line.contains("'optimizer' is 'lion'"))
                  .anyMatch(line -> line.contains("'budget' is 'soon'"))
                  .anyMatch(line -> line.contains("'hidden' is '64;32'"));
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "mlp | x,y\\n1,2\\n | y | TABLE_TOO_SMALL",
        "mlp | x,y\\n1,a\\n2,a\\n3,a\\n4,a\\n5,a\\n6,a\\n7,a\\n8,a\\n | y | TARGET_ONE_CLASS",
        "mlp | x,y\\n1,a\\n2,b\\n3,a\\n4,b\\n5,a\\n6,b\\n7,a\\n8,b\\n | z | COLUMN_NOT_FOUND",
        "mlp | y\\na\\nb\\na\\nb\\na\\nb\\na\\nb\\n | y | NO_FEATURES",
        "cnn | x,y\\n1,a\\n2,b\\n3,a\\n4,b\\n5,a\\n6,b\\n7,a\\n8,b\\n | y | ",
        "cnn | x,z,y\\n1,2,a\\n2,2,b\\n3,2,a\\n4,2,b\\n5,2,a\\n6,2,b\\n7,2,a\\n8,2,b\\n | y | NO_FEATURES",
        "lstm | x,y\\n1,a\\n2,b\\n3,a\\n4,b\\n5,a\\n6,b\\n7,a\\n8,b\\n | y | INPUT_MISSING",
        "transformer | x,y\\n1,a\\n2,b\\n3,a\\n4,b\\n5,a\\n6,b\\n7,a\\n8,b\\n | y | INPUT_MISSING",
        "gpt | \"too short\" | y | TABLE_TOO_SMALL",
      })
  void badDataHasACodeOfItsOwn(String architecture, String csv, String target, String code)
      throws Exception {
    var context =
        context("bad")
            .with("train", file("bad.csv", csv.replace("\\n", "\n")))
            .with("architecture", architecture)
            .with("target", target)
            .with("epochs", 1);
    if (code == null) {
      new Train().run(context);
      assertThat(context.outputs).containsKey("model");
    } else {
      assertThatThrownBy(() -> new Train().run(context))
          .isInstanceOfSatisfying(
              ProblemException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
    }
  }

  private Path foreign(Path model) throws Exception {
    var theirs = new LinkedHashMap<String, SafeTensors.Tensor>();
    SafeTensors.read(model.resolve(Card.WEIGHTS))
        .tensors()
        .forEach((name, tensor) -> theirs.put("net." + name.replace("01Linear_", "fc."), tensor));
    var file = folder.resolve("theirs.safetensors");
    new SafeTensors(theirs, Map.of()).write(file);
    return file;
  }

  @Test
  void weightsOfOthersAreTakenOverByTheirNames() throws Exception {
    var data = file("rings.csv", rings(600, false));
    var inputs =
        inputs("architecture", "mlp", "target", "target", "epochs", 20, "learningRate", 0.01);
    var first = train("first", data, inputs);
    var theirs = foreign(first.model());
    inputs.putAll(inputs("weights", theirs, "epochs", 1, "learningRate", 1e-9));
    // Learned is next to nothing, so it says what the first one said.
    inputs.put("weightNames", "{\"net.fc.*\": \"01Linear_*\", \"net.0*\": \"0*\"}");
    var second = train("second", data, inputs);
    assertThat(second.output("accuracy"))
        .isCloseTo(first.output("accuracy"), within(0.02))
        .isGreaterThan(0.85);
    assertThat(second.model().resolve("README.md"))
        .content()
        .contains("| weights | theirs.safetensors, sha256:0 |");

    assertThatThrownBy(() -> train("none", data, without(inputs, "weightNames")))
        .hasMessageContaining("MODEL_UNREADABLE")
        .hasMessageContaining("no array of theirs.safetensors has a name of the network's")
        .hasMessageContaining("net.fc.weight 128 × 5")
        .hasMessageContaining("01Linear_weight 128 × 5");
    inputs.put("weightNames", "{\"net.fc.weight\": \"05Linear_weight\", \"net.x\": \"y\"}");
    assertThatThrownBy(() -> train("wrong", data, inputs))
        .hasMessageContaining(
            "'net.fc.weight' is 128 × 5, and '05Linear_weight' of the network is 64 × 128")
        .hasMessageContaining("theirs.safetensors has no array 'net.x'");
  }

  private static Map<String, Object> without(Map<String, Object> inputs, String name) {
    var fewer = new TreeMap<>(inputs);
    fewer.remove(name);
    return fewer;
  }

  @Test
  void aModelOfAnotherKindIsRefused() throws Exception {
    var other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve(Card.FILE), "{\"format\":1,\"flavor\":\"xgboost\"}");
    var context =
        context("from").with("train", file("rings.csv", rings(20, false))).with("from", other);
    assertThatThrownBy(() -> new Train().run(context))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo("MODEL_UNREADABLE"));
  }
}

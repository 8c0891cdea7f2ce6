package dev.pipewright.tabular.automl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.Xgboost;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.data.Profile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Writes small models of tables and what they say, for clients/models.py, which reads them with
/// the libraries of others. Of 300 rows the last 50 are not learned from: they have categories that
/// were not there before, and numbers beyond all others.
@EnabledIfSystemProperty(named = "pipewright.models", matches = ".+")
class ElsewhereTest {
  private static final int ROWS = 300;
  private static final int LEARNED = 250;
  private static Path folder;

  @BeforeAll
  static void where() throws Exception {
    folder = Files.createDirectories(Path.of(System.getProperty("pipewright.models")));
  }

  private enum Kind {
    BINARY,
    MULTICLASS,
    REGRESSION;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    Target target() {
      return switch (this) {
        case BINARY -> new Target("target", Target.Kind.BINARY, List.of("no", "yes"));
        case MULTICLASS -> new Target("target", Target.Kind.MULTICLASS, List.of("k1", "k2", "k3"));
        case REGRESSION -> new Target("target", Target.Kind.REGRESSION, List.of());
      };
    }
  }

  private static String table(Kind kind, int from, int to) {
    var csv = new StringBuilder("size,share,colour,town,opened,target\n");
    for (int row = from; row < to; row++) {
      var random = new Random(row);
      boolean strange = row >= LEARNED;
      double size = random.nextGaussian() * (strange ? 1e5 : 50);
      double share = random.nextInt(20) / 20.0;
      int colour = random.nextInt(strange ? 7 : 5);
      int town = random.nextInt(strange ? 60 : 45);
      var opened = LocalDateTime.of(1930, 1, 1, 0, 0).plusMinutes(random.nextInt(60_000_000));
      double score =
          Math.sin(size / 30) + 2 * share + (colour % 2) + town % 3 * 0.5 + opened.getHour() * 0.05;
      csv.append(random.nextInt(8) == 0 ? "" : Double.toString(size)).append(',').append(share);
      csv.append(',').append(random.nextInt(8) == 0 ? "" : "c" + colour).append(",t").append(town);
      csv.append(',').append(random.nextInt(8) == 0 ? "" : opened).append(',');
      csv.append(
          switch (kind) {
            case BINARY -> score + random.nextGaussian() * 0.3 > 2.6 ? "yes" : "no";
            case MULTICLASS -> "k" + (int) Math.clamp(score + random.nextGaussian() * 0.3, 1, 3);
            case REGRESSION -> Double.toString(100 * (score + 3) + random.nextGaussian());
          });
      csv.append('\n');
    }
    return csv.toString();
  }

  private Path train(String name, Kind kind) throws Exception {
    Files.writeString(folder.resolve(name + ".csv"), table(kind, 0, ROWS));
    return Files.writeString(folder.resolve(name + ".train.csv"), table(kind, 0, LEARNED));
  }

  private void said(String name, Predictor predictor, Frame frame) throws Exception {
    Json.MAPPER.writeValue(
        folder.resolve(name).resolve("said.json").toFile(), predictor.predict(frame));
  }

  /// A part that another library reads, the numbers it is given and what it says of them.
  private record Part(String model, int rows, float[] cells, double[] said) {}

  private static void said(String name, AutomlModel model, Frame frame) throws Exception {
    Json.MAPPER.writeValue(
        folder.resolve(name).resolve("said.json").toFile(), model.predict(frame));
    var rows = IntStream.range(0, frame.rows()).toArray();
    var parts = new ArrayList<Part>();
    for (int m = 0; m < model.models.size(); m++) {
      var member = model.manifest.members().get(m);
      for (int p = 0; p < member.parts().size(); p++) {
        var part = member.parts().get(p);
        var matrix = model.encoders.get(part.encoder()).encode(frame, rows);
        var told = model.models.get(m).get(p).predict(matrix);
        parts.add(new Part(part.model(), frame.rows(), matrix.cells(), told));
      }
    }
    Json.MAPPER.writeValue(folder.resolve(name).resolve("parts.json").toFile(), parts);
  }

  @Test
  void search() throws Exception {
    var context =
        new FakeContext(folder.resolve("automl"))
            .with("train", train("automl", Kind.BINARY))
            .with("target", "target")
            .with("trials", 8.0)
            .with("folds", 2.0)
            .with("workers", 1.0)
            .with("onnx", true);
    new Automl().run(context);
    try (var model = (AutomlModel) Predictor.open(context.model())) {
      assertThat(model.manifest.members().size()).isGreaterThan(1);
      said("automl", model, Frames.read(folder.resolve("automl.csv"), "automl"));
    }
  }

  /// Members that learned the logarithm of the target, and others beside them.
  @Test
  void logarithms() throws Exception {
    for (int to : new int[] {LEARNED, ROWS}) {
      var csv = new StringBuilder();
      for (var line : table(Kind.REGRESSION, 0, to).lines().toList()) {
        int comma = line.lastIndexOf(',') + 1;
        csv.append(line, 0, comma)
            .append(
                line.startsWith("size")
                    ? "target"
                    : Math.exp(Double.parseDouble(line.substring(comma)) / 100))
            .append('\n');
      }
      var name = to == ROWS ? "logarithms.csv" : "logarithms.train.csv";
      Files.writeString(folder.resolve(name), csv);
    }
    var context =
        new FakeContext(folder.resolve("logarithms"))
            .with("train", folder.resolve("logarithms.train.csv"))
            .with("target", "target")
            .with("metric", "mae")
            .with("trials", 9.0)
            .with("folds", 2.0)
            .with("workers", 1.0)
            .with("onnx", true);
    new Automl().run(context);
    try (var predictor = Predictor.open(context.model())) {
      assertThat(((AutomlModel) predictor).manifest.members())
          .anyMatch(member -> Logarithm.of(member.config()));
      said("logarithms", predictor, Frames.read(folder.resolve("logarithms.csv"), "logarithms"));
    }
  }

  /// One of each, with the encodings that there are.
  private static final List<Config> CONFIGS =
      List.of(
          config(Family.LIGHTGBM, Encoding.TREES_NATIVE, Map.of("min_data_per_group", 5)),
          config(Family.LIGHTGBM, Encoding.TREES, Map.of("max_bin", 15)),
          config(Family.XGBOOST, Encoding.TREES_TARGET, Map.of("max_depth", 4)),
          config(Family.FOREST, Encoding.TREES, Map.of("trees", 20)),
          config(Family.LINEAR, Encoding.DENSE_QUANTILE, Map.of("l1", 0.5)),
          config(Family.NETWORK, Encoding.DENSE, Map.of("width", 8, "activation", "mish")),
          config(Family.PRIOR, Encoding.TREES, Map.of()));

  private static Config config(Family family, Encoding encoding, Map<String, Object> params) {
    return new Config(family.word(), family, encoding, params);
  }

  @ParameterizedTest
  @CsvSource({
    "BINARY, false, false",
    "MULTICLASS, false, false",
    "REGRESSION, false, false",
    "REGRESSION, true, true"
  })
  void ensembles(Kind kind, boolean absolute, boolean logarithmic) throws Exception {
    var name = "ensemble-" + kind.word() + (absolute ? "-absolute" : "");
    var frame = Frames.read(train(name, kind), name);
    var goal = new Goal(Goal.Kind.valueOf(kind.name()), kind.target().classes().size(), absolute);
    var model = folder.resolve(name).resolve("models/model");
    Files.createDirectories(model.resolve("encoders"));
    Files.createDirectories(model.resolve("models"));
    var profiles =
        frame.columns().stream()
            .filter(column -> !column.equals("target"))
            .map(column -> Profile.of(frame.column(column), null))
            .toList();
    var labels = labels(frame, kind, logarithmic);
    var train = IntStream.range(0, LEARNED * 4 / 5).toArray();
    var valid = IntStream.range(LEARNED * 4 / 5, LEARNED).toArray();
    var members = new ArrayList<AutomlModel.Member>();
    for (int i = 0; i < CONFIGS.size(); i++) {
      var config = CONFIGS.get(i);
      var own = Encoder.pick(labels, train);
      var encoder = Encoder.fit(frame, profiles, train, own, goal, config.encoding());
      var fold =
          new Fold(
              encoder,
              encoder.encodeTraining(frame, train, own, goal),
              own,
              encoder.encode(frame, valid),
              Encoder.pick(labels, valid));
      Json.MAPPER.writeValue(model.resolve("encoders/e%d.json".formatted(i)).toFile(), encoder);
      try (var fitted =
          config.family().learner().fit(fold, config, goal, 1, Deadline.in(20)).model()) {
        fitted.save(model.resolve("models/m" + i));
      }
      members.add(
          new AutomlModel.Member(
              config, 1.0 / CONFIGS.size(), List.of(new AutomlModel.Part("e" + i, "m" + i))));
    }
    Json.MAPPER.writeValue(
        model.resolve(AutomlModel.FILE).toFile(),
        new AutomlModel.Manifest(
            AutomlModel.FORMAT,
            goal,
            members,
            kind == Kind.REGRESSION ? Calibration.NONE : new Calibration(1.3, 0.2),
            logarithmic));
    var card =
        new ModelCard(
            ModelCard.FORMAT,
            AutomlModel.FLAVOR,
            "none",
            kind.target(),
            List.of(),
            0,
            List.of(),
            Map.of(),
            LEARNED,
            1,
            "none",
            0,
            Map.of());
    card.write(model);
    var columns = new LinkedHashMap<String, Boolean>();
    profiles.forEach(each -> columns.put(each.column(), each.kind() == Profile.Kind.NUMBER));
    ModelFolder.of(card, columns, frame, new ModelFolder.Data(name, "sha256:0", LEARNED), "nothing")
        .withOnnx(false)
        .write(model, new FakeContext(folder.resolve(name)));
    try (var opened = AutomlModel.open(model, card)) {
      opened.export().write(model);
      said(name, opened, Frames.read(folder.resolve(name + ".csv"), name));
    }
  }

  private static float[] labels(Frame frame, Kind kind, boolean logarithmic) {
    var column = frame.column("target");
    var labels = new float[frame.rows()];
    for (int row = 0; row < labels.length; row++) {
      labels[row] =
          kind == Kind.REGRESSION
              ? (float) (logarithmic ? Math.log1p(column.number(row)) : column.number(row))
              : kind.target().classes().indexOf(column.text(row));
    }
    return labels;
  }

  @Test
  void xgboost() throws Exception {
    for (var kind : Kind.values()) {
      var name = "xgboost-" + kind.word();
      var context =
          new FakeContext(folder.resolve(name))
              .with("train", train(name, kind))
              .with("target", "target")
              .with("rounds", 20.0)
              .with("onnx", true);
      new Xgboost().run(context);
      try (var predictor = Predictor.open(context.model())) {
        said(name, predictor, Frames.read(folder.resolve(name + ".csv"), name));
      }
    }
  }
}

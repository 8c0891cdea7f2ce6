package dev.pipewright.tabular.automl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.Xgboost;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Writes small models of tables and what they say, for clients/models.py, which reads them with
/// the libraries of others. Of 300 rows the last 50 are not learned from: they have categories that
/// were not there before, and numbers beyond all others.
@EnabledIfSystemProperty(named = "pipewright.models", matches = ".+")
class ElsewhereTest {
  private static Path folder;

  @BeforeAll
  static void where() throws Exception {
    folder = Files.createDirectories(Path.of(System.getProperty("pipewright.models")));
  }

  private enum Kind {
    BINARY,
    MULTICLASS,
    REGRESSION
  }

  private static String table(Kind kind, int from, int to) {
    var csv = new StringBuilder("size,share,colour,town,opened,target\n");
    for (int row = from; row < to; row++) {
      var random = new Random(row);
      boolean strange = row >= 250;
      double size = random.nextGaussian() * (strange ? 1e5 : 50);
      double share = random.nextInt(20) / 20.0;
      int colour = random.nextInt(strange ? 5 : 3);
      int town = random.nextInt(strange ? 60 : 45);
      var opened = LocalDate.of(1960, 1, 1).plusDays(random.nextInt(30_000));
      double score =
          Math.sin(size / 30)
              + 2 * share
              + (colour == 1 ? 1 : 0)
              + town % 3 * 0.5
              + opened.getMonthValue() * 0.1;
      csv.append(random.nextInt(8) == 0 ? "" : Double.toString(size)).append(',').append(share);
      csv.append(',').append(random.nextInt(8) == 0 ? "" : "c" + colour).append(",t").append(town);
      csv.append(',').append(random.nextInt(8) == 0 ? "" : opened).append(',');
      csv.append(
          switch (kind) {
            case BINARY -> score + random.nextGaussian() * 0.3 > 2.6 ? "yes" : "no";
            case MULTICLASS -> "k" + (int) Math.clamp(score + random.nextGaussian() * 0.3, 1, 3);
            case REGRESSION -> Double.toString(100 * score + random.nextGaussian());
          });
      csv.append('\n');
    }
    return csv.toString();
  }

  private Path train(String name, Kind kind) throws Exception {
    Files.writeString(folder.resolve(name + ".csv"), table(kind, 0, 300));
    return Files.writeString(folder.resolve(name + ".train.csv"), table(kind, 0, 250));
  }

  private void said(String name, Predictor predictor, Frame frame) throws Exception {
    Json.MAPPER.writeValue(
        folder.resolve(name).resolve("said.json").toFile(), predictor.predict(frame));
  }

  /// A part that another library reads, the numbers it is given and what it says of them.
  private record Part(String model, int rows, float[] cells, double[] said) {}

  private Set<Family> search(String name, Kind kind, String models) throws Exception {
    var context =
        new FakeContext(folder.resolve(name))
            .with("train", train(name, kind))
            .with("target", "target")
            .with("trials", 14.0)
            .with("budget", "40s")
            .with("folds", 2.0)
            .with("workers", 1.0)
            .with("onnx", true);
    if (!models.isEmpty()) {
      context.with("models", models);
    }
    new Automl().run(context);
    var families = new HashSet<Family>();
    try (var predictor = (AutomlModel) Predictor.open(context.model())) {
      var frame = Frames.read(folder.resolve(name + ".csv"), name);
      said(name, predictor, frame);
      var rows = IntStream.range(0, frame.rows()).toArray();
      var parts = new ArrayList<Part>();
      for (int m = 0; m < predictor.models.size(); m++) {
        var member = predictor.manifest.members().get(m);
        families.add(member.config().family());
        for (int p = 0; p < member.parts().size(); p++) {
          var part = member.parts().get(p);
          var matrix = predictor.encoders.get(part.encoder()).encode(frame, rows);
          parts.add(
              new Part(
                  part.model(),
                  frame.rows(),
                  matrix.cells(),
                  predictor.models.get(m).get(p).predict(matrix)));
        }
      }
      Json.MAPPER.writeValue(folder.resolve(name).resolve("parts.json").toFile(), parts);
    }
    return families;
  }

  @Test
  void searches() throws Exception {
    var seen = new HashSet<Family>();
    for (var kind : Kind.values()) {
      var name = "automl-" + kind.name().toLowerCase(java.util.Locale.ROOT);
      seen.addAll(search(name, kind, ""));
      for (var family : List.of("lightgbm", "xgboost", "linear", "forest", "network")) {
        seen.addAll(search(name + "-" + family, kind, family));
      }
    }
    assertThat(seen)
        .contains(Family.LIGHTGBM, Family.XGBOOST, Family.LINEAR, Family.FOREST, Family.NETWORK);
  }

  @Test
  void xgboost() throws Exception {
    for (var kind : Kind.values()) {
      var name = "xgboost-" + kind.name().toLowerCase(java.util.Locale.ROOT);
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

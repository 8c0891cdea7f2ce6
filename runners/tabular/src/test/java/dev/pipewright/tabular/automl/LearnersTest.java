package dev.pipewright.tabular.automl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.FrameBuilder;
import dev.pipewright.tabular.data.Profile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LearnersTest {
  private static final int ROWS = 600;

  @TempDir Path folder;

  /// Two numbers, one of them with gaps, and a category; the target depends on all three.
  private static Frame frame() {
    var random = new Random(3);
    var builder = new FrameBuilder("t", List.of("a", "b", "c", "y"));
    for (int row = 0; row < ROWS; row++) {
      double a = random.nextGaussian();
      double b = random.nextGaussian();
      int c = random.nextInt(4);
      builder.number(0, a);
      if (row % 9 != 0) {
        builder.number(1, b);
      }
      builder.text(2, "level" + c);
      builder.number(3, 2 * a + (c == 1 ? 3 : 0) + (row % 9 == 0 ? -1 : b));
      builder.endRow();
    }
    return builder.build();
  }

  private static final Frame FRAME = frame();

  static float[] labels(Goal goal) {
    var labels = new float[ROWS];
    var y = FRAME.column("y");
    for (int row = 0; row < ROWS; row++) {
      double value = y.number(row);
      labels[row] =
          switch (goal.kind()) {
            case REGRESSION -> (float) (100 + 10 * value);
            case BINARY -> value > 0.7 ? 1 : 0;
            case MULTICLASS -> value < -1 ? 0 : value < 1 ? 1 : 2;
          };
    }
    return labels;
  }

  static List<Profile> profiles() {
    return Stream.of("a", "b", "c").map(c -> Profile.of(FRAME.column(c), null)).toList();
  }

  static Fold fold(Goal goal, Encoding encoding, int offset) {
    var labels = labels(goal);
    var train = IntStream.range(0, ROWS).filter(row -> row % 4 != offset).toArray();
    var valid = IntStream.range(0, ROWS).filter(row -> row % 4 == offset).toArray();
    var trainLabels = Encoder.pick(labels, train);
    var encoder = Encoder.fit(FRAME, profiles(), train, trainLabels, goal, encoding);
    return new Fold(
        encoder,
        encoder.encodeTraining(FRAME, train, trainLabels, goal),
        trainLabels,
        encoder.encode(FRAME, valid),
        Encoder.pick(labels, valid));
  }

  static final List<Goal> GOALS =
      List.of(
          new Goal(Goal.Kind.BINARY, 2, false),
          new Goal(Goal.Kind.MULTICLASS, 3, false),
          new Goal(Goal.Kind.REGRESSION, 0, false),
          new Goal(Goal.Kind.REGRESSION, 0, true));

  /// A config of each family and the most of the prior's loss that it may have.
  private static final Map<Config, Double> BARS =
      Map.ofEntries(
          bar(0.45, Family.LINEAR, Encoding.DENSE, Map.of("l1", 0.5)),
          bar(0.5, Family.LIGHTGBM, Encoding.TREES, Map.of("learning_rate", 0.1)),
          bar(
              0.5,
              Family.LIGHTGBM,
              Encoding.TREES_NATIVE,
              Map.of("learning_rate", 0.1, "min_data_per_group", 5)),
          bar(0.5, Family.XGBOOST, Encoding.TREES_TARGET, Map.of("eta", 0.1, "max_depth", 4)),
          bar(0.7, Family.FOREST, Encoding.TREES, Map.of("trees", 100)),
          bar(
              0.6,
              Family.FOREST,
              Encoding.TREES,
              Map.of("trees", 60, "random", false, "features", 0.7)),
          bar(0.75, Family.NEIGHBOURS, Encoding.DENSE_QUANTILE, Map.of()),
          bar(
              0.4,
              Family.NETWORK,
              Encoding.DENSE,
              Map.of("layers", "32-16", "epochs", 40, "dropout", 0.1)));

  /// What there is time for must not decide what is found.
  private static final Deadline UNTIMED = Deadline.in(1e6);

  private static Map.Entry<Config, Double> bar(
      double most, Family family, Encoding encoding, Map<String, Object> params) {
    return Map.entry(new Config(family.word(), family, encoding, params), most);
  }

  static Stream<Arguments> cases() {
    return BARS.keySet().stream()
        .sorted(java.util.Comparator.comparing(Config::toString))
        .flatMap(config -> GOALS.stream().map(goal -> Arguments.of(config, goal)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void beatsThePriorAndIsTheSameOnceSavedAndRead(Config config, Goal goal) throws IOException {
    var folds = List.of(fold(goal, config.encoding(), 0), fold(goal, config.encoding(), 1));
    var learner = config.family().learner();
    var fits = learner.fit(folds, config, goal, 7, UNTIMED);
    for (int f = 0; f < folds.size(); f++) {
      var fold = folds.get(f);
      var fit = fits.get(f);
      var prior = new Prior().fit(fold, config, goal, 7, Deadline.in(1));
      double bar = BARS.get(config) * goal.loss(fold.validLabels(), prior.predicted());
      assertThat(goal.loss(fold.validLabels(), fit.predicted())).isLessThan(bar);
      assertThat(fit.model().predict(fold.valid())).containsExactly(fit.predicted(), within(1e-4));
      fit.model().save(folder.resolve("m" + f));
      try (var read = learner.load(folder.resolve("m" + f), config, goal)) {
        assertThat(read.predict(fold.valid())).containsExactly(fit.predicted(), within(1e-4));
      }
    }
    var again = learner.fit(folds, config, goal, 7, UNTIMED);
    for (int f = 0; f < folds.size(); f++) {
      assertThat(again.get(f).predicted()).isEqualTo(fits.get(f).predicted());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatHasNoTimeStillGivesAModel(Config config, Goal goal) {
    var fold = fold(goal, config.encoding(), 0);
    var fit = config.family().learner().fit(fold, config, goal, 7, Deadline.in(-1));
    assertThat(fit.predicted()).hasSize(fold.valid().rows() * goal.outputs());
    assertThat(Arrays.stream(fit.predicted()).allMatch(Double::isFinite)).isTrue();
  }

  @Test
  void treeValuesOfARowAddUpToItsMargin() {
    var goal = GOALS.getFirst();
    var fold = fold(goal, Encoding.TREES, 0);
    var config = new Config("l", Family.LIGHTGBM, Encoding.TREES, Map.of("learning_rate", 0.02));
    var fit = new LightgbmTrees().fit(fold, config, goal, 1, Deadline.in(9));
    // More than are asked at once.
    assertThat(fit.rounds()).isGreaterThan(100);
    var booster = ((LightgbmTrees.Trees) fit.model()).booster();
    var margins = booster.margins(fold.valid(), 1);
    var parts = booster.contributions(fold.valid(), 1);
    int each = fold.valid().width() + 1;
    for (int row = 0; row < margins.length; row++) {
      double sum = Arrays.stream(parts, row * each, (row + 1) * each).sum();
      assertThat(sum).isCloseTo(margins[row], within(1e-6));
    }
  }

  @Test
  void theNearestOfManyRowsAreTheNearest() {
    var random = new SplittableRandom(3);
    int rows = 1_300;
    int width = 6;
    var cells = new float[rows * width];
    var labels = new float[rows];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = (float) random.nextDouble();
    }
    for (int row = 0; row < rows; row++) {
      labels[row] = (float) random.nextDouble();
    }
    var goal = GOALS.get(2);
    var all = new Matrix(cells, rows, width);
    var none = new Matrix(new float[0], 0, width);
    var config =
        new Config("n", Family.NEIGHBOURS, Encoding.DENSE, Map.of("k", 5, "weighted", false));
    var fold = new Fold(new Encoder(List.of()), all, labels, none, new float[0]);
    var asked = new float[width];
    for (int round = 0; round < 20; round++) {
      for (int c = 0; c < width; c++) {
        asked[c] = (float) random.nextDouble();
      }
      double mean =
          IntStream.range(0, rows)
              .boxed()
              .sorted(
                  java.util.Comparator.comparingDouble(row ->
                      IntStream.range(0, width)
                          .mapToDouble(c -> Math.pow(asked[c] - cells[row * width + c], 2))
                          .sum()))
              .limit(5)
              .mapToDouble(row -> labels[row])
              .average()
              .orElseThrow();
      var fit = new Neighbours().fit(fold, config, goal, 1, Deadline.in(9));
      assertThat(fit.model().predict(new Matrix(asked, 1, width))[0]).isCloseTo(mean, within(1e-6));
    }
  }
}

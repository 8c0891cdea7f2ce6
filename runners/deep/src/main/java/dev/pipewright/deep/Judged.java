package dev.pipewright.deep;

import dev.pipewright.tabular.evaluate.Confusion;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Matrix;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Plot;
import dev.pipewright.tabular.report.Text;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/// What a trained network says of the examples held out, beside what they are.
///
/// @param actual positions of classes, or numbers in their own unit
/// @param predicted probabilities of the classes, or a number
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Judged(Goal goal, double[] actual, double[][] predicted) {
  private static final int MISTAKES = 12;
  private static final int IMAGES = 24;
  private static final int POINTS = 1_500;

  /// Null where there is nothing held out, or nothing that has one right answer.
  static @Nullable Judged of(Plan plan, Predictor predictor) {
    var goal = plan.goal();
    var labels =
        switch (plan.validation()) {
          case Numbers numbers -> numbers.labels();
          case Texts texts -> texts.labels();
          case null, default -> null;
        };
    if (goal == null || labels == null || plan.validation() == null) {
      return null;
    }
    var actual = new double[labels.values().length];
    for (int i = 0; i < actual.length; i++) {
      double value = labels.values()[i];
      actual[i] = goal.regression() ? goal.mean() + goal.spread() * value : value;
    }
    return new Judged(goal, actual, predictor.predict(plan.validation()));
  }

  private int decided(int example) {
    var row = predicted[example];
    return IntStream.range(0, row.length)
        .boxed()
        .max(Comparator.comparingDouble(c -> row[c]))
        .orElseThrow();
  }

  private Confusion confusion() {
    return Confusion.of(
        Arrays.stream(actual).mapToInt(value -> (int) value).toArray(),
        IntStream.range(0, actual.length).map(this::decided).toArray(),
        goal.classes().size());
  }

  private double rmse() {
    return Math.sqrt(
        IntStream.range(0, actual.length)
            .mapToDouble(i -> Math.pow(predicted[i][0] - actual[i], 2))
            .average()
            .orElse(0));
  }

  /// The share of the most frequent class, or the deviation from the mean.
  private double base() {
    if (goal.regression()) {
      double mean = Arrays.stream(actual).average().orElse(0);
      return Math.sqrt(Arrays.stream(actual).map(v -> (v - mean) * (v - mean)).average().orElse(0));
    }
    var counts = new double[goal.classes().size()];
    for (double value : actual) {
      counts[(int) value]++;
    }
    return Arrays.stream(counts).max().orElse(0) / actual.length;
  }

  boolean betterThanNothing() {
    return goal.regression() ? rmse() < 0.98 * base() : confusion().accuracy() > base() + 0.02;
  }

  /// How well one does who always says the same.
  String withoutLooking() {
    return goal.regression() ? "off by " + Text.number(base()) : "right in " + Text.percent(base());
  }

  void show(Page page, Plan plan) throws IOException {
    if (goal.regression()) {
      numbers(page);
    } else {
      classes(page);
    }
    mistakes(page, plan);
  }

  private void classes(Page page) {
    var confusion = confusion();
    var section =
        page.section(
            "How well it predicts",
            "On the %,d examples that were held out. They also chose the best epoch, so new ones may come out a little worse."
                .formatted(actual.length));
    if (goal.classes().size() <= 60) {
      section.chart(
          Matrix.confusion("Actual and predicted classes", goal.classes(), confusion.counts()));
    }
    var grid = new Grid("class", "examples", "found (recall)", "right of those named (precision)");
    for (int c = 0; c < goal.classes().size(); c++) {
      grid.row(
          goal.classes().get(c),
          confusion.actual(c),
          new Grid.Share(confusion.recall(c)),
          new Grid.Share(confusion.precision(c)));
    }
    section.table(grid.showing(60));
  }

  private void numbers(Page page) {
    var section =
        page.section(
            "How well it predicts",
            "On the %,d examples that were held out. They also chose the best epoch, so new ones may come out a little worse."
                .formatted(actual.length));
    int step = Math.max(1, actual.length / POINTS);
    var shown = IntStream.range(0, actual.length).filter(i -> i % step == 0).toArray();
    var told = Arrays.stream(shown).mapToDouble(i -> predicted[i][0]).toArray();
    var was = Arrays.stream(shown).mapToDouble(i -> actual[i]).toArray();
    double low = Math.min(Arrays.stream(told).min().orElse(0), Arrays.stream(was).min().orElse(0));
    double high = Math.max(Arrays.stream(told).max().orElse(1), Arrays.stream(was).max().orElse(1));
    section.chart(
        Plot.of("predicted", "actual")
            .points("", told, was)
            .guide(low, low, high, high)
            .picture("Actual by predicted"));
    var off = IntStream.range(0, told.length).mapToDouble(i -> was[i] - told[i]).toArray();
    section.chart(
        Plot.of("predicted", "actual less predicted")
            .points("", told, off)
            .guide(low, 0, high, 0)
            .picture("Residuals"));
  }

  private boolean wrong(int example) {
    return goal.regression() || decided(example) != (int) actual[example];
  }

  private double severity(int example) {
    return goal.regression()
        ? Math.abs(predicted[example][0] - actual[example])
        : predicted[example][decided(example)];
  }

  private void mistakes(Page page, Plan plan) throws IOException {
    var section =
        page.section(
            "Errors worth looking at",
            goal.regression()
                ? "The held-out examples whose prediction is farthest from what it was."
                : "The held-out examples about which it was surest and wrong. Often the label is wrong, or something is missing that would tell.");
    var worst =
        IntStream.range(0, actual.length)
            .filter(this::wrong)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -severity(i)))
            .limit(plan.preparation() instanceof Images ? IMAGES : MISTAKES)
            .toList();
    if (worst.isEmpty()) {
      section.text("There is none: all of them are right.");
      return;
    }
    if (plan.preparation() instanceof Images images && plan.validation() instanceof Numbers all) {
      for (int i : worst) {
        section.image(
            png(images, all.values()[i]),
            plan.held().apply(i),
            "%s, taken for %s (%s)".formatted(was(i), said(i), Text.percent(severity(i))));
      }
      return;
    }
    boolean texts = plan.preparation() instanceof Preparation.Words;
    var grid =
        texts
            ? new Grid(
                "example", "text, as far as it is read", "actual", "predicted", "probability")
            : goal.regression()
                ? new Grid("example", "actual", "predicted", "error")
                : new Grid("example", "actual", "predicted", "probability");
    for (int i : worst) {
      var last = Text.number(goal.regression() ? predicted[i][0] - actual[i] : severity(i));
      var name = plan.held().apply(i);
      if (texts) {
        grid.row(name, text(plan, i), was(i), said(i), last);
      } else {
        grid.row(name, was(i), said(i), last);
      }
    }
    section.table(grid);
  }

  private String was(int example) {
    return goal.regression()
        ? Text.number(actual[example])
        : goal.classes().get((int) actual[example]);
  }

  private String said(int example) {
    return goal.regression()
        ? Text.number(predicted[example][0])
        : goal.classes().get(decided(example));
  }

  private static String text(Plan plan, int example) {
    if (!(plan.preparation() instanceof Preparation.Words words)
        || !(plan.validation() instanceof Texts all)) {
      throw new IllegalStateException("no texts");
    }
    var tokens = all.tokens()[example];
    List<Integer> read = Arrays.stream(tokens).limit(words.length()).boxed().toList();
    return words.tokens().decode(read) + (tokens.length > words.length() ? " …" : "");
  }

  /// The pixels from the darkest to the brightest of the image.
  private static byte[] png(Images images, float[] scaled) throws IOException {
    int side = images.height();
    float low = Float.MAX_VALUE;
    float high = -Float.MAX_VALUE;
    for (float value : scaled) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    float range = high > low ? high - low : 1;
    var image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int colour = 0;
        for (int channel = 0; channel < 3; channel++) {
          int plane = images.channels() == 1 ? 0 : channel;
          float value = scaled[(plane * side + y) * side + x];
          colour = colour << 8 | Math.round(255 * (value - low) / range);
        }
        image.setRGB(x, y, colour);
      }
    }
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }
}

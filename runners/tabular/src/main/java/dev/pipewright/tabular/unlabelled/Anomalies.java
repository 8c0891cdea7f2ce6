package dev.pipewright.tabular.unlabelled;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.Settings;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// `pipewright/anomalies@v1`: finds the rows of a table that are unlike the others, without labels,
/// by an [IsolationForest].
///
/// Inputs: `train` (dataset), `ignore` (columns not to look at, by commas), `share` (of the rows
/// that are expected to be anomalies, 0.01), `trees` (100), `sample` (rows that each tree is grown
/// from, 256), `seed` (42). Outputs: `model`, `threshold` (a row with a higher score is an
/// anomaly), `anomalies` (how many rows of the table are) and `page`.
public final class Anomalies implements BuiltinTask {
  private static final int LEAST_ROWS = 10;

  @Override
  public String uses() {
    return "pipewright/anomalies@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var settings = new Settings(context);
    double share = settings.number("share", 0.01, 0.000001, 0.5);
    int trees = (int) settings.whole("trees", 100, 1, 10_000);
    int sample = (int) settings.whole("sample", 256, 2, 65_536);
    long seed = settings.whole("seed", 42, 0, Integer.MAX_VALUE);
    var frame = Frames.of(context, "train");
    if (frame.rows() < LEAST_ROWS) {
      throw new ProblemException(
          ProblemCode.TABLE_TOO_SMALL,
          "%s has %d rows; anomalies need at least %d to stand out from"
              .formatted(frame.name(), frame.rows(), LEAST_ROWS));
    }
    var ignore = context.text("ignore").orElse("");
    var columns = Columns.find(frame, ignore, Coded.Plain::of, Coded.Rarity::of);
    context.logDataset(context.data("train"), "train", frame.rows());
    var params = new LinkedHashMap<String, String>();
    params.put("ignore", ignore);
    params.put("share", Cells.label(share));
    params.put("trees", Integer.toString(trees));
    params.put("sample", Integer.toString(sample));
    params.put("seed", Long.toString(seed));
    params.forEach(context::logParam);

    var rows = columns.encode(frame);
    var forest = IsolationForest.grow(rows, trees, sample, seed);
    var scores = forest.scores(rows);
    double threshold = threshold(scores, share);
    int anomalies = (int) Arrays.stream(scores).filter(score -> score > threshold).count();
    System.out.printf(
        Locale.ROOT,
        "%,d of %,d rows have a score above %.4f%n",
        anomalies,
        frame.rows(),
        threshold);
    if (context.cancelled()) {
      throw new InterruptedException("stopped as asked");
    }
    context.logMetric("threshold", 0, threshold);
    context.logMetric("anomalies", 0, anomalies);
    new AnomalyPage(frame, columns, rows, forest, scores, threshold, share)
        .page()
        .write(context.outputs().resolve("page.html"));
    keep(context, columns, forest, threshold, frame, anomalies, params);
    context.output("threshold", threshold);
    context.output("anomalies", anomalies);
  }

  /// The highest score that is not an anomaly's. Where rows are alike there may be fewer anomalies
  /// than their share, never more.
  static double threshold(double[] scores, double share) {
    var sorted = scores.clone();
    Arrays.sort(sorted);
    int most = (int) Math.max(1, Math.round(share * scores.length));
    return sorted[Math.max(0, scores.length - 1 - most)];
  }

  private static void keep(
      TaskContext context,
      Columns columns,
      IsolationForest forest,
      double threshold,
      Frame frame,
      int anomalies,
      Map<String, String> params)
      throws IOException {
    var card =
        Keeping.card(
            AnomalyModel.FLAVOR,
            "anomaly",
            columns,
            frame,
            forest.trees().size(),
            "threshold",
            threshold,
            params);
    var about =
        new ModelFolder.About(
            "A model of what is odd in %s".formatted(frame.name()),
            "It gives a row a score from 0 to 1: the higher, the fewer questions set it apart from the others.",
            null,
            AnomalyModel.FLAVOR,
            String.format(
                Locale.ROOT,
                "%,d rows of the training table have a score above the threshold of %.4f",
                anomalies,
                threshold),
            List.of(
                "What is odd is not yet wrong: look at the rows before anything is decided by them.",
                "The threshold follows from the share of anomalies that was expected, not from the data.",
                "A number that is missing counts as the middle one; a missing level is a level of its own."));
    Keeping.write(
        context,
        card,
        new AnomalyModel.Saved(columns, forest, threshold),
        columns,
        frame,
        about,
        List.of(
            ModelFolder.Field.given("prediction", "double"),
            ModelFolder.Field.given("anomaly", "string")));
  }
}

package dev.pipewright.tabular.unlabelled;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.Settings;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// `pipewright/clusters@v1`: groups the rows of a table that are alike, without labels, by
/// [KMeans].
///
/// Inputs: `train` (dataset), `ignore` (columns not to look at, by commas), `k` (how many clusters;
/// 0, the default, for the number from 2 to 10 with the highest silhouette), `starts` (10), `seed`
/// (42). Outputs: `model`, `k`, `silhouette` and `page`.
///
/// A search for `k` looks at [#SEARCHED] rows, a silhouette is that of [#JUDGED]; the clusters that
/// are kept come from all rows.
public final class Clusters implements BuiltinTask {
  static final int SEARCHED = 5_000;
  static final int JUDGED = 2_000;
  private static final int MOST = 100;
  private static final int MOST_SEARCHED = 10;
  private static final int STARTS_OF_SEARCH = 3;

  @Override
  public String uses() {
    return "pipewright/clusters@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var settings = new Settings(context);
    int asked = (int) settings.whole("k", 0, 0, MOST);
    if (asked == 1) {
      throw Settings.invalid("k", "1", "at least 2 clusters, or 0 to have their number found");
    }
    int starts = (int) settings.whole("starts", 10, 1, 1_000);
    long seed = settings.whole("seed", 42, 0, Integer.MAX_VALUE);
    var frame = Frames.of(context, "train");
    var ignore = context.text("ignore").orElse("");
    var columns = Columns.find(frame, ignore, Coded.Measure::of, Coded.Levels::of);
    var rows = columns.encode(frame);
    int different = Rows.distinct(rows, Math.max(MOST_SEARCHED, asked));
    if (different < Math.max(2, asked)) {
      throw new ProblemException(
          ProblemCode.TABLE_TOO_SMALL,
          "%s has %d different rows; %d clusters need as many"
              .formatted(frame.name(), different, Math.max(2, asked)),
          "Give more rows, or a smaller 'k'.");
    }
    context.logDataset(context.data("train"), "train", frame.rows());
    var params = new LinkedHashMap<String, String>();
    params.put("ignore", ignore);
    params.put("k", Integer.toString(asked));
    params.put("starts", Integer.toString(starts));
    params.put("seed", Long.toString(seed));
    params.forEach(context::logParam);

    var random = new SplittableRandom(seed);
    var tried = asked == 0 ? search(context, rows, different, random) : Map.<Integer, Double>of();
    int k = asked == 0 ? best(tried) : asked;
    if (context.cancelled()) {
      throw new InterruptedException("stopped as asked");
    }
    var found = KMeans.fit(rows, k, starts, random);
    double silhouette = silhouette(rows, found, random);
    System.out.printf(
        Locale.ROOT,
        "%d clusters of %s rows: silhouette %.4f, inertia %.4f%n",
        k,
        Arrays.toString(found.sizes()),
        silhouette,
        found.inertia());
    context.logMetric("silhouette", k, silhouette);
    context.logMetric("inertia", k, found.inertia());
    new ClusterPage(frame, columns, rows, found, silhouette, tried)
        .page()
        .write(context.outputs().resolve("page.html"));
    var card =
        Keeping.card(
            ClusterModel.FLAVOR, "cluster", columns, frame, k, "silhouette", silhouette, params);
    Keeping.write(
        context,
        card,
        new ClusterModel.Saved(columns, found.centres()),
        columns,
        frame,
        about(frame.name(), k, silhouette),
        List.of(ModelFolder.Field.given("prediction", "double")));
    context.output("k", k);
    context.output("silhouette", silhouette);
  }

  /// The silhouette by number of clusters.
  private static Map<Integer, Double> search(
      TaskContext context, double[][] rows, int different, SplittableRandom random) {
    var some = Rows.sample(rows, SEARCHED, random);
    int most = Math.min(Math.min(MOST_SEARCHED, different), Rows.distinct(some, MOST_SEARCHED));
    var tried = new TreeMap<Integer, Double>();
    for (int k = 2; k <= Math.max(2, most) && !context.cancelled(); k++) {
      double silhouette = silhouette(some, KMeans.fit(some, k, STARTS_OF_SEARCH, random), random);
      context.logMetric("silhouette-of-search", k, silhouette);
      System.out.printf(Locale.ROOT, "%d clusters: silhouette %.4f%n", k, silhouette);
      tried.put(k, silhouette);
    }
    return tried;
  }

  /// The fewest among the best.
  private static int best(Map<Integer, Double> tried) {
    int best = 2;
    for (var one : tried.entrySet()) {
      best = one.getValue() > tried.get(best) ? one.getKey() : best;
    }
    return best;
  }

  private static double silhouette(double[][] rows, KMeans found, SplittableRandom random) {
    var places = Rows.places(rows.length, JUDGED, random);
    return Silhouette.of(
        Arrays.stream(places).mapToObj(place -> rows[place]).toArray(double[][]::new),
        Arrays.stream(places).map(place -> found.labels()[place]).toArray(),
        found.centres().length);
  }

  private static ModelFolder.About about(String name, int k, double silhouette) {
    return new ModelFolder.About(
        "%d groups of the rows of %s".formatted(k, name),
        "It gives a row the number of the cluster whose centre is nearest, the largest one being 0.",
        null,
        ClusterModel.FLAVOR,
        String.format(
            Locale.ROOT, "silhouette %.4f; 1 is clusters far apart, 0 is none to see", silhouette),
        List.of(
            "There are clusters in any table: whether they mean something, their sizes and a silhouette well above 0 say, and whoever knows the data.",
            "A row unlike all others has a nearest cluster too; look for it with `pipewright/anomalies@v1`.",
            "A number that is missing counts as the mean, a level that is missing or rare as none."));
  }
}

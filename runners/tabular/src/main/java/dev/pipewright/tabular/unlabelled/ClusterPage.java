package dev.pipewright.tabular.unlabelled;

import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.report.Bars;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Picture;
import dev.pipewright.tabular.report.Plot;
import dev.pipewright.tabular.report.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The clusters, what sets each apart, and where they lie.
///
/// @param rows the table as numbers
/// @param tried the silhouette by number of clusters; empty where it was given
record ClusterPage(
    Frame frame,
    Columns columns,
    double[][] rows,
    KMeans found,
    double silhouette,
    Map<Integer, Double> tried) {
  private static final int DRAWN = 1_500;
  private static final int TOLD = 6;

  /// A number or a level of a cluster beside the whole.
  ///
  /// @param size how far it is off
  private record Difference(String what, String here, String whole, double size) {}

  Page page() {
    int k = found.centres().length;
    var page = new Page("Clusters of " + frame.name(), "Groups of rows that are alike");
    page.fact(
        "clusters", Integer.toString(k), tried.isEmpty() ? "as asked" : "chosen by silhouette");
    page.fact(
        "silhouette", Text.number(silhouette), "1: far apart, 0: none to see, below: mixed up");
    page.fact("rows", Text.number(frame.rows()), columns.used().size() + " columns compared");
    var sizes = Bars.of("rows");
    for (int c = 0; c < k; c++) {
      sizes.bar("cluster " + c, found.sizes()[c], Text.number(found.sizes()[c]));
    }
    page.section("Sizes and places", "Rows by the two directions in which they differ most.")
        .chart(sizes.picture("Rows in each cluster"))
        .chart(map())
        .chart(search());
    var section =
        page.section(
            "What sets them apart",
            "For each cluster the columns that are farthest from the whole table: the mean of a number, the share of rows with a level.");
    for (int c = 0; c < k; c++) {
      var grid = new Grid("column", "here", "in all rows");
      differences(c).forEach(one -> grid.row(one.what, one.here, one.whole));
      section
          .heading(
              "Cluster %d, %s of the rows"
                  .formatted(c, Text.percent(found.sizes()[c] / (double) rows.length)))
          .table(grid);
    }
    var dropped = new Grid("column", "why");
    columns.dropped().forEach(dropped::row);
    if (!dropped.isEmpty()) {
      page.section("Not looked at", "").table(dropped);
    }
    return page;
  }

  private List<Difference> differences(int cluster) {
    var all = Principal.means(rows);
    var centre = found.centres()[cluster];
    var differences = new ArrayList<Difference>();
    int at = 0;
    for (var coded : columns.used()) {
      switch (coded) {
        case Coded.Measure(var name, var mean, var deviation) ->
            differences.add(
                new Difference(
                    name,
                    Text.number(mean + deviation * centre[at]),
                    Text.number(mean + deviation * all[at]),
                    Math.abs(centre[at] - all[at])));
        case Coded.Levels(var name, var levels) -> {
          for (int i = 0; i < levels.size(); i++) {
            double share = all[at + i];
            double spread = Math.sqrt(share * (1 - share));
            differences.add(
                new Difference(
                    "%s = %s".formatted(name, Text.shortened(levels.get(i), 40)),
                    Text.percent(centre[at + i]),
                    Text.percent(share),
                    spread > 0 ? Math.abs(centre[at + i] - share) / spread : 0));
          }
        }
        case Coded.Plain _, Coded.Rarity _ ->
            throw new IllegalStateException(coded.column() + " is coded for trees");
      }
      at += coded.width();
    }
    differences.sort(Comparator.comparingDouble(Difference::size).reversed());
    return differences.subList(0, Math.min(TOLD, differences.size()));
  }

  private @Nullable Picture map() {
    if (columns.width() < 2) {
      return null;
    }
    var places = Rows.places(rows.length, DRAWN, new SplittableRandom(0));
    var principal = Principal.of(rows);
    var plot = Plot.of("first principal component", "second principal component").size(520, 420);
    for (int c = 0; c < found.centres().length; c++) {
      int cluster = c;
      var own = Arrays.stream(places).filter(row -> found.labels()[row] == cluster).toArray();
      plot.points("cluster " + c, along(principal, own, 0), along(principal, own, 1));
    }
    return plot.picture("%s of what the rows differ by".formatted(Text.percent(principal.share())));
  }

  private double[] along(Principal principal, int[] places, int component) {
    return Arrays.stream(places)
        .mapToDouble(row -> principal.along(component, rows[row]))
        .toArray();
  }

  private @Nullable Picture search() {
    if (tried.size() < 2) {
      return null;
    }
    var ks = tried.keySet().stream().sorted().mapToInt(Integer::intValue).toArray();
    return Plot.of("clusters", "silhouette")
        .line(
            "silhouette",
            IntStream.of(ks).asDoubleStream().toArray(),
            IntStream.of(ks).mapToDouble(tried::get).toArray())
        .mark("chosen", found.centres().length)
        .picture("How many clusters");
  }
}

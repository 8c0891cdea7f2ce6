package dev.pipewright.tabular.unlabelled;

import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Picture;
import dev.pipewright.tabular.report.Plot;
import dev.pipewright.tabular.report.Text;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The rows that stand out, and by what.
///
/// @param rows the table as numbers
record AnomalyPage(
    Frame frame,
    Columns columns,
    double[][] rows,
    IsolationForest forest,
    double[] scores,
    double threshold,
    double share) {
  private static final int SHOWN = 25;
  private static final int REASONS = 3;
  private static final int BARS = 40;

  /// @param fall of the score, were the cell an ordinary one
  record Reason(Coded coded, double fall) {}

  Page page() {
    long anomalies = Arrays.stream(scores).filter(score -> score > threshold).count();
    var page = new Page("Anomalies in " + frame.name(), "The rows that are unlike the others");
    page.fact("anomalies", Text.number(anomalies), "of %,d rows".formatted(frame.rows()));
    page.fact("threshold", Text.number(threshold), Text.percent(share) + " were expected above it");
    page.section(
            "Scores",
            "A score near 1 is a row that a few questions at random set apart; below 0.5 a row is ordinary. Anomalies that stand far to the right are surer than a slope that the threshold cuts.")
        .chart(histogram());
    var order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer row) -> scores[row]).reversed())
            .limit(SHOWN)
            .toList();
    var ordinary = ordinary();
    var grid = new Grid("row", "score", "stands out by");
    for (int row : order) {
      var why =
          reasons(row, ordinary).stream()
              .map(reason -> told(row, reason))
              .collect(Collectors.joining("; "));
      grid.row(row + 1, scores[row], why);
    }
    page.section(
            "The oddest rows",
            "Numbered from 1 below the header. What a row stands out by are the columns whose ordinary value would lower its score most, and by how much.")
        .table(grid);
    var dropped = new Grid("column", "why");
    columns.dropped().forEach(dropped::row);
    if (!dropped.isEmpty()) {
      page.section("Not looked at", "").table(dropped);
    }
    return page;
  }

  private Picture histogram() {
    double low = Arrays.stream(scores).min().orElseThrow();
    double high = Arrays.stream(scores).max().orElseThrow();
    double step = high > low ? (high - low) / BARS : 0.01;
    var edges = IntStream.rangeClosed(0, BARS).mapToDouble(i -> low + i * step).toArray();
    var counts = new double[BARS];
    for (double score : scores) {
      counts[Math.min(BARS - 1, (int) ((score - low) / step))]++;
    }
    return Plot.of("score", "rows")
        .size(760, 300)
        .columns("rows", edges, counts)
        .mark("threshold", threshold)
        .picture("How many rows have which score");
  }

  /// The middle value of each column.
  private double[] ordinary() {
    return IntStream.range(0, columns.width())
        .mapToDouble(
            c -> Arrays.stream(rows).mapToDouble(row -> row[c]).sorted().toArray()[rows.length / 2])
        .toArray();
  }

  private List<Reason> reasons(int row, double[] ordinary) {
    var used = columns.used();
    return IntStream.range(0, used.size())
        .mapToObj(c -> {
          var other = rows[row].clone();
          other[c] = ordinary[c];
          return new Reason(used.get(c), scores[row] - forest.score(other));
        })
        .filter(reason -> reason.fall > 0)
        .sorted(Comparator.comparingDouble(Reason::fall).reversed())
        .limit(REASONS)
        .toList();
  }

  private String told(int row, Reason reason) {
    var cell = frame.column(reason.coded.column()).text(row);
    return "%s %s (%s)"
        .formatted(
            reason.coded.column(),
            cell.isEmpty() ? "missing" : Text.shortened(cell, 40),
            Text.number(reason.fall));
  }
}

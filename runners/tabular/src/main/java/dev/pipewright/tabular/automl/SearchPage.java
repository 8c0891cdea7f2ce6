package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.Explainable;
import dev.pipewright.tabular.report.Bars;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Grid.Mark;
import dev.pipewright.tabular.report.Grid.Share;
import dev.pipewright.tabular.report.Grid.Tone;
import dev.pipewright.tabular.report.Matrix;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Picture;
import dev.pipewright.tabular.report.Plot;
import dev.pipewright.tabular.report.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A search as a page, for a reader who did not run it.
///
/// @param rows the judging ones, as positions in the table
/// @param labels theirs
/// @param predicted theirs by the ensemble, calibrated
/// @param why what moves the predictions; null where no member can say
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record SearchPage(
    Prepared table,
    Wishes wishes,
    Leaderboard board,
    int[] rows,
    float[] labels,
    double[] predicted,
    double seconds,
    Explainable.@Nullable Contributions why) {
  private static final int BINS = 10;
  private static final int MISTAKES = 12;
  private static final int POINTS = 1500;

  Page page() {
    var measure = table.measure();
    var done = board.ranking().stream().filter(Trial::done).toList();
    var prior = done.stream().filter(trial -> trial.config().family() == Family.PRIOR).findFirst();
    var page =
        new Page(
            "AutoML: " + table.target().column(),
            "A search for the best model of '%s' in %s: %,d rows, %d columns, %d models tried in %.0f s."
                .formatted(
                    table.target().column(),
                    table.frame().name(),
                    table.frame().rows(),
                    table.columns().size(),
                    board.ranking().size(),
                    seconds));
    verdict(page, done.getFirst(), prior.map(Trial::value).orElse(Double.NaN));
    page.fact(measure.word(), Text.number(board.ensemble()), "of the ensemble, cross-validated");
    prior.ifPresent(trial ->
        page.fact("without a model", Text.number(trial.value()), "knowing only the target's mix"));
    page.fact(
        "best single model", Text.number(done.getFirst().value()), done.getFirst().config().name());
    page.fact(
        "members", Integer.toString(board.weights().size()), "of %d models".formatted(done.size()));
    leaderboard(page);
    progress(page);
    if (table.target().regression()) {
      regression(page);
    } else {
      classification(page);
    }
    importance(page);
    columns(page);
    settings(page);
    return page;
  }

  private void verdict(Page page, Trial best, double base) {
    var measure = table.measure();
    double sign = measure.higherIsBetter() ? 1 : -1;
    double gain = sign * (board.ensemble() - base);
    if (Double.isNaN(base) || gain > 0.02 * Math.max(Math.abs(base), 1e-9)) {
      page.verdict(
          Tone.GOOD,
          "The ensemble reaches %s %s on rows that its members were not trained on; its best single model, %s, %s."
              .formatted(
                  measure.word(),
                  Text.number(board.ensemble()),
                  best.config().name(),
                  Text.number(best.value())));
    } else {
      page.verdict(
          Tone.WARNING,
          "Little was found: %s %s, against %s without looking at any column."
              .formatted(measure.word(), Text.number(board.ensemble()), Text.number(base)));
    }
  }

  private void leaderboard(Page page) {
    var section =
        page.section(
            "Leaderboard",
            "Each model's %s on rows it was not trained on (%s is better), and its weight in the ensemble."
                .formatted(
                    table.measure().word(), table.measure().higherIsBetter() ? "higher" : "lower"));
    var bars = Bars.of("weight in the ensemble");
    board.rows().stream()
        .filter(row -> row.weight() > 0)
        .sorted(Comparator.comparing(Leaderboard.Row::weight).reversed())
        .limit(12)
        .forEach(row -> bars.bar(row.name(), row.weight(), Text.percent(row.weight())));
    section.chart(bars.picture("Who speaks in the ensemble"));
    var grid =
        new Grid("model", table.measure().word(), "weight", "foldings", "seconds", "settings");
    for (var row : board.rows()) {
      grid.row(
          row.name(),
          row.value() == null
              ? new Mark(row.problem() == null ? "none" : row.problem(), Tone.PLAIN)
              : Text.number(row.value()),
          new Share(row.weight()),
          row.repeats(),
          Text.number(row.seconds()),
          row.params().entrySet().stream()
              .map(entry -> entry.getKey() + " " + shortened(entry.getValue()))
              .collect(Collectors.joining(", ")));
    }
    section.table(grid);
  }

  private static String shortened(String value) {
    try {
      return value.contains(".") ? Text.number(Double.parseDouble(value)) : value;
    } catch (NumberFormatException _) {
      return value;
    }
  }

  private void progress(Page page) {
    var section =
        page.section(
            "What was tried",
            "One point for each model, in the order in which they were begun; the line is the best so far.");
    var done =
        board.ranking().stream()
            .filter(Trial::done)
            .filter(trial -> trial.config().family() != Family.PRIOR)
            .sorted(Comparator.comparing(Trial::number))
            .toList();
    var byFamily = new LinkedHashMap<String, List<Trial>>();
    done.forEach(trial ->
        byFamily
            .computeIfAbsent(trial.config().family().word(), _ -> new ArrayList<>())
            .add(trial));
    var plot = Plot.of("model", table.measure().word()).size(760, 320);
    var best = new double[done.size()];
    double sign = table.measure().higherIsBetter() ? 1 : -1;
    double now = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < best.length; i++) {
      now = Math.max(now, sign * done.get(i).value());
      best[i] = sign * now;
    }
    plot.steps("best so far", done.stream().mapToDouble(Trial::number).toArray(), best);
    byFamily.forEach((family, trials) ->
        plot.points(
            family,
            trials.stream().mapToDouble(Trial::number).toArray(),
            trials.stream().mapToDouble(Trial::value).toArray()));
    section.chart(plot.picture("How the search went"));
  }

  private void classification(Page page) {
    var classes = table.target().classes();
    var section =
        page.section(
            "How well it predicts",
            "Cross-validated: every row was predicted by models that had not seen it.");
    int outputs = table.goal().outputs();
    var counts = new double[classes.size()][classes.size()];
    for (int i = 0; i < labels.length; i++) {
      counts[(int) labels[i]][best(i)]++;
    }
    section.chart(Matrix.confusion("Actual and predicted classes", classes, counts));
    var plot =
        Plot.of("predicted probability", "share that it came true")
            .x(0, 1)
            .y(0, 1)
            .guide(0, 0, 1, 1);
    for (int k = 0; k < Math.min(6, classes.size()); k++) {
      if (outputs == 1 && k == 0) {
        continue;
      }
      reliability(plot, classes.get(k), k);
    }
    section.chart(plot.picture("Calibration"));
    mistakes(page);
  }

  private double probability(int row, int k) {
    int outputs = table.goal().outputs();
    if (outputs == 1) {
      return k == 1 ? predicted[row] : 1 - predicted[row];
    }
    return predicted[row * outputs + k];
  }

  private int best(int row) {
    int best = 0;
    for (int k = 1; k < table.target().classes().size(); k++) {
      best = probability(row, k) > probability(row, best) ? k : best;
    }
    return best;
  }

  private void reliability(Plot plot, String name, int k) {
    var sums = new double[BINS];
    var came = new double[BINS];
    var counts = new int[BINS];
    for (int i = 0; i < labels.length; i++) {
      double p = probability(i, k);
      int bin = Math.min(BINS - 1, (int) (p * BINS));
      sums[bin] += p;
      came[bin] += (int) labels[i] == k ? 1 : 0;
      counts[bin]++;
    }
    var filled = IntStream.range(0, BINS).filter(b -> counts[b] >= 5).toArray();
    plot.line(
        name,
        Arrays.stream(filled).mapToDouble(b -> sums[b] / counts[b]).toArray(),
        Arrays.stream(filled).mapToDouble(b -> came[b] / counts[b]).toArray());
  }

  private void mistakes(Page page) {
    var section =
        page.section(
            "Errors worth looking at",
            "The rows that the ensemble was surest about and wrong. Often the label is wrong, or a column is missing that would tell.");
    var grid = new Grid("row", "actual", "predicted", "probability");
    IntStream.range(0, labels.length)
        .filter(i -> best(i) != (int) labels[i])
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -probability(i, best(i))))
        .limit(MISTAKES)
        .forEach(i ->
            grid.row(
                rows[i] + 1,
                table.target().classes().get((int) labels[i]),
                table.target().classes().get(best(i)),
                Text.number(probability(i, best(i)))));
    section.table(grid);
  }

  private void regression(Page page) {
    var section =
        page.section(
            "How well it predicts",
            "Cross-validated: every row was predicted by models that had not seen it.");
    int step = Math.max(1, labels.length / POINTS);
    var shown = IntStream.range(0, labels.length).filter(i -> i % step == 0).toArray();
    var actual = Arrays.stream(shown).mapToDouble(i -> value(labels[i])).toArray();
    var told = Arrays.stream(shown).mapToDouble(i -> value(predicted[i])).toArray();
    double low = Math.min(min(actual), min(told));
    double high = -Math.min(min(negated(actual)), min(negated(told)));
    section.chart(
        Plot.of("predicted", "actual")
            .points("", told, actual)
            .guide(low, low, high, high)
            .picture("Actual by predicted"));
    section.chart(
        Plot.of("predicted", "actual less predicted")
            .points(
                "",
                told,
                IntStream.range(0, told.length).mapToDouble(i -> actual[i] - told[i]).toArray())
            .guide(low, 0, high, 0)
            .picture("Residuals"));
    var worst =
        page.section(
            "Errors worth looking at", "The rows whose prediction is farthest from what it was.");
    var grid = new Grid("row", "actual", "predicted", "error");
    IntStream.range(0, labels.length)
        .boxed()
        .sorted(
            Comparator.comparingDouble(
                (Integer i) -> -Math.abs(value(labels[i]) - value(predicted[i]))))
        .limit(MISTAKES)
        .forEach(i ->
            grid.row(
                rows[i] + 1,
                Text.number(value(labels[i])),
                Text.number(value(predicted[i])),
                Text.number(value(predicted[i]) - value(labels[i]))));
    worst.table(grid);
  }

  private double value(double learned) {
    return table.logarithmic() ? Math.expm1(learned) : learned;
  }

  private static double min(double[] values) {
    return Arrays.stream(values).min().orElse(0);
  }

  private static double[] negated(double[] values) {
    return Arrays.stream(values).map(v -> -v).toArray();
  }

  private void importance(Page page) {
    if (why == null) {
      return;
    }
    var section =
        page.section(
            "What moves the predictions",
            "The mean size of each column's contribution by TreeSHAP, in %s, over the boosted trees of the ensemble."
                .formatted(why.unit()));
    var strength = why.strength();
    var order =
        IntStream.range(0, strength.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer c) -> -strength[c]))
            .limit(15)
            .toList();
    var bars = Bars.of("mean size of the contribution, " + why.unit());
    order.forEach(c -> bars.bar(why.columns().get(c), strength[c], Text.number(strength[c])));
    Picture picture = bars.picture("Columns by what they contribute");
    section.chart(picture);
  }

  private void columns(Page page) {
    var section = page.section("The table", "What was learned from, and what was left out.");
    table.notes().stream()
        .filter(note -> note.contains("alone predicts") || note.contains("infinite"))
        .forEach(note -> section.note(Tone.WARNING, note));
    var grid = new Grid("column", "read as", "missing", "different values", "");
    for (var column : table.columns()) {
      grid.row(
          column.column(),
          column.kind().word(),
          Text.percent((column.missing() + column.infinite()) / (double) column.rows()),
          column.distinct(),
          "");
    }
    table
        .dropped()
        .forEach((name, reason) ->
            grid.row(name, "", "", "", new Mark("left out: " + reason, Tone.PLAIN)));
    section.table(grid.showing(300));
  }

  private void settings(Page page) {
    var section = page.section("How it was done", "");
    section.text(
        "A portfolio of configurations of linear models, boosted trees, forests, neighbours and networks is tried first, then each family is tuned by TPE; the ensemble is chosen greedily on out-of-fold predictions, and calibrated where that lowers the log loss. The ensemble's weights were chosen on the same rows that it is judged by, so that its score is a little too good: judge it on rows kept apart.");
    section.code(
        wishes.params().entrySet().stream()
            .map(entry -> entry.getKey() + ": " + entry.getValue())
            .collect(Collectors.joining("\n")));
  }
}

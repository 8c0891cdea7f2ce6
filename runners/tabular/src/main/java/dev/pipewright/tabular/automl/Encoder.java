package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Dates;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// How a table becomes numbers, learned from the training rows alone.
record Encoder(List<ColumnEncoder> columns) {
  private static final int GRID = 256;
  private static final int INNER_FOLDS = 5;
  private static final int MOST_MEANS = 12;

  Encoder {
    columns = List.copyOf(columns);
  }

  /// @param profiles the columns to use
  /// @param rows the training rows
  /// @param labels each row's class or value, in the order of the rows
  static Encoder fit(
      Frame frame,
      List<Profile> profiles,
      int[] rows,
      float[] labels,
      Goal goal,
      Encoding encoding) {
    var columns = new ArrayList<ColumnEncoder>();
    for (var profile : profiles) {
      var column = frame.column(profile.column());
      switch (profile.kind()) {
        case NUMBER -> columns.add(number(column, rows, encoding));
        case DATE -> columns.add(parts(column, profile, rows, encoding));
        case TEXT -> columns.add(words(column, rows, encoding.words()));
        case CATEGORY -> columns.add(category(column, rows, labels, goal, encoding));
      }
    }
    return new Encoder(columns);
  }

  @JsonIgnore
  int width() {
    return columns.stream().mapToInt(ColumnEncoder::width).sum();
  }

  /// Which column each number of a row comes from, as a position in [#columns].
  int[] owners() {
    var owners = new int[width()];
    int at = 0;
    for (int c = 0; c < columns.size(); c++) {
      int to = at + columns.get(c).width();
      Arrays.fill(owners, at, to, c);
      at = to;
    }
    return owners;
  }

  /// The positions of numbers that stand for categories.
  int[] categories() {
    var found = new ArrayList<Integer>();
    int at = 0;
    for (var column : columns) {
      if (column instanceof ColumnEncoder.Native) {
        found.add(at);
      }
      at += column.width();
    }
    return found.stream().mapToInt(i -> i).toArray();
  }

  /// Rows that were not trained on.
  ///
  /// @throws ProblemException COLUMN_NOT_FOUND
  Matrix encode(Frame frame, int[] rows) {
    int width = width();
    long cells = (long) rows.length * width;
    if (cells > Integer.MAX_VALUE - 8) {
      throw new ProblemException(
          ProblemCode.TABLE_UNREADABLE,
          "%,d rows of %s become %,d numbers each, too many at once"
              .formatted(rows.length, frame.name(), width),
          "Give fewer rows or columns.");
    }
    var out = new float[(int) cells];
    int at = 0;
    for (var column : columns) {
      column.encode(frame.column(column.column()), rows, out, at, width);
      at += column.width();
    }
    return new Matrix(out, rows.length, width);
  }

  /// The rows it was learned from: as the others, but a row's own target has no part in the means
  /// that it is shown. Those come from the other four fifths of the rows.
  Matrix encodeTraining(Frame frame, int[] rows, float[] labels, Goal goal) {
    var matrix = encode(frame, rows);
    if (columns.stream().noneMatch(ColumnEncoder.TargetMean.class::isInstance)) {
      return matrix;
    }
    var fold = innerFolds(rows.length);
    int at = 0;
    for (var encoder : columns) {
      if (encoder instanceof ColumnEncoder.TargetMean means) {
        var column = frame.column(encoder.column());
        var shown = means.standard() ? standard(labels) : labels;
        for (int f = 0; f < INNER_FOLDS; f++) {
          int inner = f;
          var here = IntStream.range(0, rows.length).filter(i -> fold[i] == inner).toArray();
          var others = IntStream.range(0, rows.length).filter(i -> fold[i] != inner).toArray();
          var part =
              means(
                  column,
                  means.levels(),
                  Arrays.stream(others).map(i -> rows[i]).toArray(),
                  pick(shown, others),
                  goal,
                  means.standard());
          var out = new float[here.length * part.width()];
          part.encode(
              column, Arrays.stream(here).map(i -> rows[i]).toArray(), out, 0, part.width());
          for (int i = 0; i < here.length; i++) {
            // Not the share, which knows nothing of the target.
            System.arraycopy(
                out,
                i * part.width(),
                matrix.cells(),
                here[i] * matrix.width() + at,
                part.width() - 1);
          }
        }
      }
      at += encoder.width();
    }
    return matrix;
  }

  private static int[] innerFolds(int rows) {
    var fold = IntStream.range(0, rows).map(i -> i % INNER_FOLDS).toArray();
    var random = new Random(rows);
    for (int i = rows - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = fold[i];
      fold[i] = fold[j];
      fold[j] = swapped;
    }
    return fold;
  }

  static float[] pick(float[] values, int[] rows) {
    var picked = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      picked[i] = values[rows[i]];
    }
    return picked;
  }

  private static ColumnEncoder number(Frame.Column column, int[] rows, Encoding encoding) {
    if (encoding.numbers() == Encoding.Numbers.PLAIN) {
      return new ColumnEncoder.Plain(column.name());
    }
    var values = Arrays.stream(rows).mapToDouble(column::number).filter(Double::isFinite).toArray();
    Arrays.sort(values);
    boolean marked = values.length < rows.length;
    return encoding.numbers() == Encoding.Numbers.ROBUST
        ? new ColumnEncoder.Robust(column.name(), quantile(values, 0.5), scale(values), marked)
        : new ColumnEncoder.Quantile(column.name(), grid(values), marked);
  }

  /// One over the middle half's width; over half the range where that half is one value; 0 where
  /// all are.
  private static double scale(double[] sorted) {
    double half = quantile(sorted, 0.75) - quantile(sorted, 0.25);
    if (half > 0) {
      return 1 / half;
    }
    double range = sorted.length == 0 ? 0 : sorted[sorted.length - 1] - sorted[0];
    return range > 0 ? 2 / range : 0;
  }

  private static double[] grid(double[] sorted) {
    if (sorted.length <= GRID) {
      return sorted;
    }
    var grid = new double[GRID];
    for (int i = 0; i < GRID; i++) {
      grid[i] = quantile(sorted, i / (GRID - 1.0));
    }
    return grid;
  }

  private static double quantile(double[] sorted, double share) {
    if (sorted.length == 0) {
      return 0;
    }
    double at = share * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  private static ColumnEncoder parts(
      Frame.Column column, Profile profile, int[] rows, Encoding encoding) {
    var dates = profile.dates() == null ? Dates.ISO : profile.dates();
    boolean times = false;
    var byCode = column.texts().stream().mapToDouble(dates::seconds).toArray();
    var seconds = new double[rows.length];
    int present = 0;
    for (int row : rows) {
      int code = column.code(row);
      if (code >= 0 && !Double.isNaN(byCode[code])) {
        seconds[present++] = byCode[code] / 86_400;
        times |= byCode[code] % 86_400 != 0;
      }
    }
    if (encoding.numbers() == Encoding.Numbers.PLAIN) {
      return new ColumnEncoder.Parts(column.name(), dates, times, 0, 0);
    }
    var sorted = Arrays.copyOf(seconds, present);
    Arrays.sort(sorted);
    double scale = scale(sorted);
    return new ColumnEncoder.Parts(
        column.name(), dates, times, quantile(sorted, 0.5), scale == 0 ? 1 : scale);
  }

  private static ColumnEncoder words(Frame.Column column, int[] rows, int most) {
    var documents = new HashMap<String, Integer>();
    for (int row : rows) {
      var seen = new HashSet<>(Arrays.asList(ColumnEncoder.Words.of(column.text(row))));
      seen.remove("");
      seen.forEach(word -> documents.merge(word, 1, Integer::sum));
    }
    int least = Math.max(2, rows.length / 500);
    var chosen =
        documents.entrySet().stream()
            .filter(word -> word.getValue() >= least)
            .sorted(
                Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(most)
            .toList();
    var idf = new float[chosen.size()];
    for (int i = 0; i < idf.length; i++) {
      idf[i] = (float) (Math.log((1.0 + rows.length) / (1.0 + chosen.get(i).getValue())) + 1);
    }
    return new ColumnEncoder.Words(
        column.name(), chosen.stream().map(Map.Entry::getKey).toList(), idf);
  }

  private static ColumnEncoder category(
      Frame.Column column, int[] rows, float[] labels, Goal goal, Encoding encoding) {
    var counts = new HashMap<String, Integer>();
    for (int row : rows) {
      counts.merge(column.text(row), 1, Integer::sum);
    }
    var levels = counts.keySet().stream().sorted().toList();
    if (levels.size() > Encoding.MOST_LEVELS
        || encoding.categories() == Encoding.Categories.TARGET) {
      // Beside other numbers that are alike in size, the target's own size would drown them.
      boolean standard = goal.regression() && encoding.numbers() != Encoding.Numbers.PLAIN;
      return means(column, levels, rows, standard ? standard(labels) : labels, goal, standard);
    }
    return switch (encoding.categories()) {
      case NATIVE -> new ColumnEncoder.Native(column.name(), levels);
      case ONE_HOT, TARGET ->
          // Two levels need one number.
          new ColumnEncoder.OneHot(
              column.name(), levels.size() == 2 ? levels.subList(1, 2) : levels);
    };
  }

  /// Less their mean, in parts of their deviation.
  private static float[] standard(float[] labels) {
    double mean = 0;
    for (float label : labels) {
      mean += (double) label / labels.length;
    }
    double square = 0;
    for (float label : labels) {
      square += (label - mean) * (label - mean) / labels.length;
    }
    double deviation = square > 0 ? Math.sqrt(square) : 1;
    var standard = new float[labels.length];
    for (int i = 0; i < labels.length; i++) {
      standard[i] = (float) ((labels[i] - mean) / deviation);
    }
    return standard;
  }

  private static ColumnEncoder.TargetMean means(
      Frame.Column column,
      List<String> levels,
      int[] rows,
      float[] labels,
      Goal goal,
      boolean standard) {
    int outputs = Math.min(goal.outputs(), MOST_MEANS);
    var overall = new double[outputs];
    var sums = new double[levels.size()][outputs];
    var counts = new double[levels.size()];
    var level = ColumnEncoder.positions(column, levels, rows.length);
    for (int i = 0; i < rows.length; i++) {
      int own = level.applyAsInt(rows[i]);
      if (own >= 0) {
        counts[own]++;
      }
      for (int k = 0; k < outputs; k++) {
        double value = goal.kind() == Goal.Kind.MULTICLASS ? (labels[i] == k ? 1 : 0) : labels[i];
        overall[k] += value / rows.length;
        if (own >= 0) {
          sums[own][k] += value;
        }
      }
    }
    for (int l = 0; l < sums.length; l++) {
      for (int k = 0; k < outputs; k++) {
        sums[l][k] =
            (sums[l][k] + ColumnEncoder.TargetMean.WEIGHT * overall[k])
                / (counts[l] + ColumnEncoder.TargetMean.WEIGHT);
      }
      counts[l] /= rows.length;
    }
    return new ColumnEncoder.TargetMean(column.name(), levels, sums, counts, overall, standard);
  }
}

package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.pipewright.tabular.data.Dates;
import dev.pipewright.tabular.data.Frame;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;

/// How one column of a table becomes numbers, as learned from the training rows. A value that was
/// not there then counts as missing.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "encoding")
@JsonSubTypes({
  @JsonSubTypes.Type(value = ColumnEncoder.Plain.class, name = "plain"),
  @JsonSubTypes.Type(value = ColumnEncoder.Robust.class, name = "robust"),
  @JsonSubTypes.Type(value = ColumnEncoder.Quantile.class, name = "quantile"),
  @JsonSubTypes.Type(value = ColumnEncoder.OneHot.class, name = "one-hot"),
  @JsonSubTypes.Type(value = ColumnEncoder.Native.class, name = "native"),
  @JsonSubTypes.Type(value = ColumnEncoder.TargetMean.class, name = "target-mean"),
  @JsonSubTypes.Type(value = ColumnEncoder.Parts.class, name = "date-parts"),
  @JsonSubTypes.Type(value = ColumnEncoder.Words.class, name = "words")
})
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
sealed interface ColumnEncoder {
  /// The level that stands for a missing cell.
  String NOTHING = "";

  String column();

  int width();

  /// Writes the numbers of some rows, each `stride` behind the one before.
  void encode(Frame.Column column, int[] rows, float[] out, int at, int stride);

  /// A number as it is.
  record Plain(String column) implements ColumnEncoder {
    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      for (int i = 0; i < rows.length; i++) {
        out[at + i * stride] = finite(column.number(rows[i]));
      }
    }
  }

  private static float finite(double value) {
    return Double.isInfinite(value) ? Float.NaN : (float) Math.clamp(value, -1e30, 1e30);
  }

  /// A number less the training rows' median, in parts of the spread of their middle half, then `x
  /// / sqrt(1 + (x/3)²)`, as in RealMLP (Holzmüller et al., 2024, section 3).
  ///
  /// @param marked whether a second number says that the cell is missing
  record Robust(String column, double center, double scale, boolean marked)
      implements ColumnEncoder {
    @Override
    public int width() {
      return marked ? 2 : 1;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      for (int i = 0; i < rows.length; i++) {
        write(column.number(rows[i]), out, at + i * stride);
      }
    }

    void write(double value, float[] out, int at) {
      boolean there = Double.isFinite(value);
      double x = there ? (value - center) * scale : 0;
      out[at] = (float) (x / Math.sqrt(1 + x * x / 9));
      if (marked) {
        out[at + 1] = there ? 0 : 1;
      }
    }
  }

  /// A number's rank among the training rows as the normal distribution's quantile.
  ///
  /// @param grid the training rows' quantiles, evenly spaced, growing
  record Quantile(String column, double[] grid, boolean marked) implements ColumnEncoder {
    @Override
    public int width() {
      return marked ? 2 : 1;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      for (int i = 0; i < rows.length; i++) {
        double value = column.number(rows[i]);
        boolean there = Double.isFinite(value);
        out[at + i * stride] = there ? (float) normal(rank(value)) : 0;
        if (marked) {
          out[at + i * stride + 1] = there ? 0 : 1;
        }
      }
    }

    /// From 0 to 1; the middle of the places where equal values stand.
    private double rank(double value) {
      int low = lower(value);
      int high = upper(value);
      int last = grid.length - 1;
      if (high > low) {
        return (low + high - 1) / 2.0 / Math.max(1, last);
      }
      if (low == 0) {
        return 0;
      }
      if (low > last) {
        return 1;
      }
      double part = (value - grid[low - 1]) / (grid[low] - grid[low - 1]);
      return (low - 1 + part) / last;
    }

    private int lower(double value) {
      int from = 0;
      int to = grid.length;
      while (from < to) {
        int middle = (from + to) >>> 1;
        if (grid[middle] < value) {
          from = middle + 1;
        } else {
          to = middle;
        }
      }
      return from;
    }

    private int upper(double value) {
      int from = 0;
      int to = grid.length;
      while (from < to) {
        int middle = (from + to) >>> 1;
        if (grid[middle] <= value) {
          from = middle + 1;
        } else {
          to = middle;
        }
      }
      return from;
    }

    static final double TAIL = 0.02425;
    static final double[] MIDDLE_ABOVE = {
      -3.969683028665376e+01,
      2.209460984245205e+02,
      -2.759285104469687e+02,
      1.383577518672690e+02,
      -3.066479806614716e+01,
      2.506628277459239e+00
    };
    static final double[] MIDDLE_BELOW = {
      -5.447609879822406e+01,
      1.615858368580409e+02,
      -1.556989798598866e+02,
      6.680131188771972e+01,
      -1.328068155288572e+01,
      1
    };
    static final double[] TAIL_ABOVE = {
      -7.784894002430293e-03,
      -3.223964580411365e-01,
      -2.400758277161838e+00,
      -2.549732539343734e+00,
      4.374664141464968e+00,
      2.938163982698783e+00
    };
    static final double[] TAIL_BELOW = {
      7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1
    };

    /// The standard normal's quantile by Acklam's rational approximation (relative error 1.15e-9),
    /// its tails cut at ±3.
    private static double normal(double p) {
      double q = Math.clamp(p, 0.00135, 0.99865);
      if (q < TAIL) {
        return tail(Math.sqrt(-2 * Math.log(q)));
      }
      if (q > 1 - TAIL) {
        return -tail(Math.sqrt(-2 * Math.log(1 - q)));
      }
      double x = q - 0.5;
      double r = x * x;
      return polynomial(MIDDLE_ABOVE, r) * x / polynomial(MIDDLE_BELOW, r);
    }

    private static double tail(double q) {
      return polynomial(TAIL_ABOVE, q) / polynomial(TAIL_BELOW, q);
    }

    /// @param factors the highest power's first
    private static double polynomial(double[] factors, double x) {
      double sum = factors[0];
      for (int i = 1; i < factors.length; i++) {
        sum = sum * x + factors[i];
      }
      return sum;
    }
  }

  /// One number for each level, 1 for the cell's own.
  record OneHot(String column, List<String> levels) implements ColumnEncoder {
    public OneHot {
      levels = List.copyOf(levels);
    }

    @Override
    public int width() {
      return levels.size();
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      var level = positions(column, levels, rows.length);
      for (int i = 0; i < rows.length; i++) {
        int own = level.applyAsInt(rows[i]);
        int to = at + i * stride;
        Arrays.fill(out, to, to + levels.size(), 0);
        if (own >= 0) {
          out[to + own] = 1;
        }
      }
    }
  }

  /// The level's position.
  record Native(String column, List<String> levels) implements ColumnEncoder {
    public Native {
      levels = List.copyOf(levels);
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      var level = positions(column, levels, rows.length);
      for (int i = 0; i < rows.length; i++) {
        int own = level.applyAsInt(rows[i]);
        out[at + i * stride] = own < 0 ? Float.NaN : own;
      }
    }
  }

  /// The target's mean at the level, drawn towards the mean of all rows as if the level had
  /// [#WEIGHT] more rows with that; and the level's share of the rows.
  ///
  /// @param means of each level, one for each output
  /// @param shares of the training rows
  /// @param overall the means of all rows, for a level that is not known
  /// @param standard whether they are of the target less its mean, in parts of its deviation
  record TargetMean(
      String column,
      List<String> levels,
      double[][] means,
      double[] shares,
      double[] overall,
      boolean standard)
      implements ColumnEncoder {
    static final double WEIGHT = 10;

    @Override
    public int width() {
      return overall.length + 1;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      var level = positions(column, levels, rows.length);
      for (int i = 0; i < rows.length; i++) {
        int own = level.applyAsInt(rows[i]);
        int to = at + i * stride;
        var mean = own < 0 ? overall : means[own];
        for (int k = 0; k < overall.length; k++) {
          out[to + k] = (float) mean[k];
        }
        out[to + overall.length] = own < 0 ? 0 : (float) shares[own];
      }
    }
  }

  /// Days since 1970, and what may repeat: month, day of the month, day of the week, and where
  /// there are times, the hour.
  ///
  /// @param center and scale of the days, where numbers are to be alike in size; scale 0 for plain
  record Parts(String column, Dates dates, boolean times, double center, double scale)
      implements ColumnEncoder {
    @Override
    public int width() {
      return times ? 5 : 4;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      var texts = column.texts();
      int width = width();
      // Reading a date costs far more than looking it up, and a block of a table has few of them.
      var known = new HashMap<Integer, float[]>();
      for (int i = 0; i < rows.length; i++) {
        var parts =
            known.computeIfAbsent(
                column.code(rows[i]),
                code -> parts(code < 0 ? Double.NaN : dates.seconds(texts.get(code))));
        System.arraycopy(parts, 0, out, at + i * stride, width);
      }
    }

    private float[] parts(double seconds) {
      var parts = new float[width()];
      write(seconds, parts, 0);
      return parts;
    }

    private void write(double seconds, float[] out, int at) {
      boolean plain = scale == 0;
      if (Double.isNaN(seconds)) {
        Arrays.fill(out, at, at + width(), plain ? Float.NaN : 0);
        return;
      }
      var time = Instant.ofEpochSecond((long) Math.floor(seconds)).atOffset(ZoneOffset.UTC);
      double days = seconds / 86_400;
      out[at] = (float) (plain ? days : (days - center) * scale);
      out[at + 1] = part(time.getMonthValue(), 1, 12, plain);
      out[at + 2] = part(time.getDayOfMonth(), 1, 31, plain);
      out[at + 3] = part(time.getDayOfWeek().getValue(), 1, 7, plain);
      if (times) {
        out[at + 4] = part(time.getHour(), 0, 23, plain);
      }
    }

    private static float part(int value, int least, int most, boolean plain) {
      return plain ? value : 2f * (value - least) / (most - least) - 1;
    }
  }

  /// Term frequency by inverse document frequency of the training rows' most frequent words, each
  /// row of length 1, and the logarithm of how many words there are. Formula as in scikit-learn's
  /// `TfidfVectorizer` (smoothed, L2).
  record Words(String column, List<String> vocabulary, float[] idf) implements ColumnEncoder {
    private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}\\p{N}]+");

    public Words {
      vocabulary = List.copyOf(vocabulary);
    }

    static String[] of(String text) {
      return BETWEEN.split(text.toLowerCase(Locale.ROOT));
    }

    @Override
    public int width() {
      return vocabulary.size() + 1;
    }

    @Override
    public void encode(Frame.Column column, int[] rows, float[] out, int at, int stride) {
      var positions = new HashMap<String, Integer>();
      for (int i = 0; i < vocabulary.size(); i++) {
        positions.put(vocabulary.get(i), i);
      }
      var counts = new float[vocabulary.size()];
      for (int i = 0; i < rows.length; i++) {
        Arrays.fill(counts, 0);
        var words = column.missing(rows[i]) ? new String[0] : of(column.text(rows[i]));
        for (var word : words) {
          var position = positions.get(word);
          if (position != null) {
            counts[position] += idf[position];
          }
        }
        double square = 0;
        for (float count : counts) {
          square += count * count;
        }
        float norm = square == 0 ? 0 : (float) (1 / Math.sqrt(square));
        int to = at + i * stride;
        for (int k = 0; k < counts.length; k++) {
          out[to + k] = counts[k] * norm;
        }
        out[to + counts.length] = (float) Math.log1p(words.length);
      }
    }
  }

  /// From a row to the position of its cell's level; -1 for an unknown one.
  ///
  /// @param rows how many will be asked for
  static IntUnaryOperator positions(Frame.Column column, List<String> levels, int rows) {
    Map<String, Integer> byText = new HashMap<>();
    for (int i = 0; i < levels.size(); i++) {
      byText.put(levels.get(i), i);
    }
    var texts = column.texts();
    if (texts.size() > rows) {
      // A block of a large table, with the texts of the whole.
      return row -> byText.getOrDefault(column.text(row), -1);
    }
    var byCode = new int[texts.size()];
    for (int code = 0; code < byCode.length; code++) {
      byCode[code] = byText.getOrDefault(texts.get(code), -1);
    }
    return row -> {
      int code = column.code(row);
      return code >= 0 ? byCode[code] : byText.getOrDefault(column.text(row), -1);
    };
  }
}

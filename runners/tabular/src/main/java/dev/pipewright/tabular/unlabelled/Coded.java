package dev.pipewright.tabular.unlabelled;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.pipewright.tabular.data.Frame;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// How a column becomes one or more numbers. Trees ask for [Plain] numbers and for [Rarity];
/// distances need a [Measure] and [Levels], by which two levels are as far from each other as two
/// numbers are on average.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "coding")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Coded.Plain.class, name = "number"),
  @JsonSubTypes.Type(value = Coded.Measure.class, name = "standardised"),
  @JsonSubTypes.Type(value = Coded.Rarity.class, name = "rarity"),
  @JsonSubTypes.Type(value = Coded.Levels.class, name = "levels")
})
sealed interface Coded {
  String column();

  /// How many numbers it becomes.
  @JsonIgnore
  int width();

  /// Writes the numbers of each row from the place `at` on.
  void encode(Frame.Column cells, double[][] rows, int at);

  /// The number itself. A missing cell is the middle one: the mean may lie where no row is, and a
  /// row would be odd for what it lacks.
  record Plain(String column, double middle) implements Coded {
    static Plain of(Frame.Column cells) {
      var sorted =
          IntStream.range(0, cells.rows())
              .mapToDouble(cells::number)
              .filter(Double::isFinite)
              .sorted()
              .toArray();
      return new Plain(cells.name(), sorted.length == 0 ? 0 : sorted[sorted.length / 2]);
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(Frame.Column cells, double[][] rows, int at) {
      for (int row = 0; row < rows.length; row++) {
        double value = cells.number(row);
        rows[row][at] = Double.isFinite(value) ? value : middle;
      }
    }
  }

  /// Standard deviations from the mean; a missing cell is the mean.
  record Measure(String column, double mean, double deviation) implements Coded {
    static Measure of(Frame.Column cells) {
      int count = 0;
      double mean = 0;
      double squares = 0;
      for (int row = 0; row < cells.rows(); row++) {
        double value = cells.number(row);
        if (Double.isFinite(value)) {
          count++;
          double off = value - mean;
          mean += off / count;
          squares += off * (value - mean);
        }
      }
      double deviation = count == 0 ? 0 : Math.sqrt(squares / count);
      return new Measure(cells.name(), mean, deviation > 0 ? deviation : 1);
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(Frame.Column cells, double[][] rows, int at) {
      for (int row = 0; row < rows.length; row++) {
        double value = cells.number(row);
        rows[row][at] = Double.isFinite(value) ? (value - mean) / deviation : 0;
      }
    }
  }

  /// The share of the training rows with the same level, "missing" being one of them; 0 for a level
  /// that was not there.
  record Rarity(String column, Map<String, Double> shares) implements Coded {
    public Rarity {
      shares = Map.copyOf(shares);
    }

    static Rarity of(Frame.Column cells) {
      var shares = new HashMap<String, Double>();
      for (int row = 0; row < cells.rows(); row++) {
        shares.merge(cells.text(row), 1.0 / cells.rows(), Double::sum);
      }
      return new Rarity(cells.name(), shares);
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(Frame.Column cells, double[][] rows, int at) {
      for (int row = 0; row < rows.length; row++) {
        rows[row][at] = shares.getOrDefault(cells.text(row), 0.0);
      }
    }
  }

  /// A one for the row's level and zeros for the others; zeros alone for a missing cell and for a
  /// level that is not among the most frequent ones.
  record Levels(String column, List<String> levels) implements Coded {
    static final int MOST = 24;

    public Levels {
      levels = List.copyOf(levels);
    }

    static Levels of(Frame.Column cells) {
      var counts = new HashMap<String, Integer>();
      for (int row = 0; row < cells.rows(); row++) {
        if (!cells.missing(row)) {
          counts.merge(cells.text(row), 1, Integer::sum);
        }
      }
      var order =
          Map.Entry.<String, Integer>comparingByValue()
              .reversed()
              .thenComparing(Map.Entry.comparingByKey());
      return new Levels(
          cells.name(),
          counts.entrySet().stream().sorted(order).limit(MOST).map(Map.Entry::getKey).toList());
    }

    @Override
    public int width() {
      return levels.size();
    }

    @Override
    public void encode(Frame.Column cells, double[][] rows, int at) {
      var places = new HashMap<String, Integer>();
      levels.forEach(level -> places.put(level, places.size()));
      for (int row = 0; row < rows.length; row++) {
        var place = cells.missing(row) ? null : places.get(cells.text(row));
        if (place != null) {
          rows[row][at + place] = 1;
        }
      }
    }
  }
}

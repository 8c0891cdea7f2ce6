package dev.pipewright.tabular;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.pipewright.tabular.data.Cells;
import java.util.List;
import java.util.Map;

/// How a column of the table becomes one or more columns of numbers. A missing cell, and one with a
/// value that was not there in training, becomes NaN, which XGBoost learns a direction for.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "encoding")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Feature.Number.class, name = "number"),
  @JsonSubTypes.Type(value = Feature.OneHot.class, name = "one-hot"),
  @JsonSubTypes.Type(value = Feature.Frequency.class, name = "frequency")
})
public sealed interface Feature {
  /// The table's column.
  String column();

  /// How many numbers it becomes.
  int width();

  /// Writes a cell's numbers.
  void encode(String cell, float[] out, int at);

  /// The number as it stands.
  record Number(String column) implements Feature {
    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(String cell, float[] out, int at) {
      var number = Cells.number(cell);
      out[at] = number.isPresent() ? (float) number.getAsDouble() : Float.NaN;
    }
  }

  /// One column of zeros and ones for each category.
  record OneHot(String column, List<String> categories) implements Feature {
    public OneHot {
      categories = List.copyOf(categories);
    }

    @Override
    public int width() {
      return categories.size();
    }

    @Override
    public void encode(String cell, float[] out, int at) {
      int category = Cells.missing(cell) ? -1 : categories.indexOf(cell.strip());
      for (int i = 0; i < categories.size(); i++) {
        out[at + i] = category < 0 ? Float.NaN : category == i ? 1 : 0;
      }
    }
  }

  /// The share of the training rows that have the same category: for columns with too many of them
  /// for one each.
  record Frequency(String column, Map<String, Double> shares) implements Feature {
    public Frequency {
      shares = Map.copyOf(shares);
    }

    @Override
    public int width() {
      return 1;
    }

    @Override
    public void encode(String cell, float[] out, int at) {
      var share = shares.get(cell.strip());
      out[at] = share == null ? Float.NaN : share.floatValue();
    }
  }
}

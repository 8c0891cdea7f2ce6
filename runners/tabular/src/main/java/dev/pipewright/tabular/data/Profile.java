package dev.pipewright.tabular.data;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What a column holds, seen by looking at all of its cells.
///
/// @param missing how many cells hold nothing
/// @param infinite how many are infinite; learned from as missing
/// @param distinct different values, [#MANY] where there are more
/// @param whole whether all numbers are whole
/// @param min of the finite numbers; NaN without any
/// @param dates how dates are written; null unless kind is [Kind#DATE]
/// @param unusable why nothing can be learned from it; null where something can
public record Profile(
    String column,
    Kind kind,
    int rows,
    int missing,
    int infinite,
    int distinct,
    boolean whole,
    double min,
    double max,
    @Nullable Dates dates,
    @Nullable String unusable) {
  /// Counting different numbers ends here.
  public static final int MANY = 200_000;

  private static final int LOOKS_LIKE_ID_FROM = 30;
  private static final double MOSTLY_NUMBERS = 0.9;
  private static final int FEW_NUMBERS = 20;
  private static final double WORDS_OF_TEXT = 3.5;

  /// The kinds, as they are written in JSON and in the input `types`.
  public enum Kind {
    @JsonProperty("number")
    NUMBER,
    @JsonProperty("category")
    CATEGORY,
    @JsonProperty("date")
    DATE,
    @JsonProperty("text")
    TEXT;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Looks at every column.
  ///
  /// @param wished kinds that the user knows better, by column
  public static Map<String, Profile> all(Frame frame, Map<String, Kind> wished) {
    var all = new TreeMap<String, Profile>();
    for (int i = 0; i < frame.columns().size(); i++) {
      var column = frame.column(i);
      all.put(column.name(), of(column, wished.get(column.name())));
    }
    return all;
  }

  /// @param wished the kind it is to have; null to find it
  public static Profile of(Frame.Column column, @Nullable Kind wished) {
    int present = 0;
    int numbers = 0;
    int infinite = 0;
    boolean whole = true;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    var values = new HashSet<Double>();
    for (int row = 0; row < column.rows(); row++) {
      if (column.missing(row)) {
        continue;
      }
      double value = column.number(row);
      if (Double.isInfinite(value)) {
        infinite++;
        continue;
      }
      present++;
      if (!Double.isNaN(value)) {
        numbers++;
        whole &= Cells.whole(value);
        min = Math.min(min, value);
        max = Math.max(max, value);
        if (values.size() < MANY) {
          values.add(value);
        }
      }
    }
    // The column may be a part of one with more texts.
    var codes = new BitSet();
    for (int row = 0; row < column.rows(); row++) {
      if (column.code(row) >= 0) {
        codes.set(column.code(row));
      }
    }
    int texts = codes.cardinality();
    var seen =
        new Seen(
            column, present, numbers, values.size(), texts, whole, max - min, averageWords(column));
    var dates = wished == null || wished == Kind.DATE ? seen.dates() : null;
    var kind = wished == null ? seen.kind(dates) : wished;
    return new Profile(
        column.name(),
        kind,
        column.rows(),
        column.rows() - present - infinite,
        infinite,
        Math.min(MANY, texts + values.size()),
        whole && numbers > 0,
        numbers > 0 ? min : Double.NaN,
        numbers > 0 ? max : Double.NaN,
        kind == Kind.DATE ? (dates == null ? Dates.ISO : dates) : null,
        seen.unusable(kind, wished != null));
  }

  private static double averageWords(Frame.Column column) {
    var texts = column.texts();
    int looked = Math.min(1000, texts.size());
    long words = 0;
    for (int i = 0; i < looked; i++) {
      words += texts.get(i).split("\\s+").length;
    }
    return looked == 0 ? 0 : words / (double) looked;
  }

  private record Seen(
      Frame.Column column,
      int present,
      int numbers,
      int distinctNumbers,
      int texts,
      boolean whole,
      double range,
      double words) {
    @Nullable Dates dates() {
      return numbers == 0 && texts > 0 ? Dates.find(column.texts()).orElse(null) : null;
    }

    Kind kind(@Nullable Dates dates) {
      if (numbers == present
          || (numbers >= MOSTLY_NUMBERS * present && distinctNumbers > FEW_NUMBERS)) {
        return Kind.NUMBER;
      }
      if (dates != null) {
        return Kind.DATE;
      }
      boolean prose = words >= WORDS_OF_TEXT && texts > 0.3 * present;
      return prose ? Kind.TEXT : Kind.CATEGORY;
    }

    @Nullable String unusable(Kind kind, boolean wished) {
      if (present == 0) {
        return "every cell is missing";
      }
      int distinct = distinctNumbers + texts;
      if (distinct == 1 && present == column.rows()) {
        return "every row has the same value";
      }
      if (present < LOOKS_LIKE_ID_FROM || wished) {
        return null;
      }
      return switch (kind) {
        case NUMBER ->
            whole && (range < 2.0 * present || named()) && differ()
                ? "every row has a whole number of its own, as an id has"
                : null;
        case CATEGORY ->
            distinct > 0.9 * present
                ? "nearly every row has a value of its own, as an id has"
                : null;
        case DATE, TEXT -> null;
      };
    }

    /// Whether every row has a number of its own.
    private boolean differ() {
      if (numbers < present || distinctNumbers < MANY) {
        return distinctNumbers == present;
      }
      var sorted =
          IntStream.range(0, column.rows())
              .mapToDouble(column::number)
              .filter(Double::isFinite)
              .sorted()
              .toArray();
      return IntStream.range(1, sorted.length).allMatch(i -> sorted[i] > sorted[i - 1]);
    }

    private boolean named() {
      var lower = column.name().toLowerCase(Locale.ROOT);
      return lower.equals("id")
          || lower.endsWith("_id")
          || lower.endsWith(" id")
          || column.name().endsWith("Id");
    }
  }
}

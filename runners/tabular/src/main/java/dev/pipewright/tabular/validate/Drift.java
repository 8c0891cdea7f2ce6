package dev.pipewright.tabular.validate;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.pipewright.contract.Nearest;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// How far a column's values have moved since the reference.
///
/// @param psi the population stability index, over tenths of the reference's numbers or over its
///   values, with what is missing as a part of its own, and texts among numbers too. Below 0.1
///   nothing has moved, above 0.25 much has, as it is usually taken
/// @param ks the Kolmogorov-Smirnov distance of the numbers; null of texts
/// @param drifted whether one is above what is allowed
/// @param parts the shares that the psi is of
@JsonInclude(JsonInclude.Include.NON_NULL)
record Drift(String column, double psi, @Nullable Double ks, boolean drifted, List<Part> parts) {
  private static final int PARTS = 10;
  private static final int MOST_VALUES = 50;
  private static final double MOSTLY_NUMBERS = 0.9;

  /// A share of nothing would make the index infinite.
  private static final double LEAST_SHARE = 1e-4;

  /// @param name of the values
  /// @param reference their share there
  /// @param now their share now
  record Part(String name, double reference, double now) {}

  /// Of all columns that both have, or of those named; the most drifted first.
  static List<Drift> of(Frame frame, Frame reference, Expectations expectations) {
    var all = new ArrayList<Drift>();
    for (var name : frame.columns()) {
      boolean wanted =
          expectations.driftColumns().isEmpty() || expectations.driftColumns().contains(name);
      if (wanted && reference.columns().contains(name)) {
        all.add(of(frame.column(name), reference.column(name), expectations));
      }
    }
    all.sort(Comparator.comparingDouble(Drift::psi).reversed());
    return all;
  }

  /// The columns asked for that one of the two has not: of them nothing can be said.
  static List<Violation> absent(Frame frame, Frame reference, Expectations expectations) {
    var absent = new ArrayList<Violation>();
    for (var name : expectations.driftColumns()) {
      boolean here = frame.columns().contains(name);
      if (!here || !reference.columns().contains(name)) {
        var message =
            "is not %s; the nearest is %s"
                .formatted(
                    here ? "in the reference" : "there",
                    Nearest.of(name, (here ? reference : frame).columns(), 1));
        absent.add(new Violation("drift", name, message, 0, List.of()));
      }
    }
    return absent;
  }

  private static Drift of(Frame.Column now, Frame.Column before, Expectations expectations) {
    var numbersBefore = numbers(before);
    boolean numeric = numbersBefore.length > 0 && mostlyNumbers(before);
    var parts = numeric ? byTenths(now, before, numbersBefore) : byValue(now, before);
    double psi = 0;
    for (var part : parts) {
      double a = Math.max(part.reference, LEAST_SHARE);
      double b = Math.max(part.now, LEAST_SHARE);
      psi += (b - a) * Math.log(b / a);
    }
    Double ks = numeric ? (Double) distance(numbersBefore, numbers(now)) : null;
    boolean drifted = psi > expectations.psi() || (ks != null && ks > expectations.ks());
    return new Drift(now.name(), psi, ks, drifted, parts);
  }

  /// Whether it is compared as numbers: a stray text does not make a column one of values.
  private static boolean mostlyNumbers(Frame.Column column) {
    int texts = 0;
    int numbers = 0;
    for (int row = 0; row < column.rows(); row++) {
      texts += column.code(row) >= 0 ? 1 : 0;
      numbers += Double.isNaN(column.number(row)) ? 0 : 1;
    }
    return numbers >= MOSTLY_NUMBERS * (numbers + texts);
  }

  private static double[] numbers(Frame.Column column) {
    return IntStream.range(0, column.rows())
        .mapToDouble(column::number)
        .filter(Double::isFinite)
        .sorted()
        .toArray();
  }

  /// The largest distance between the shares of values up to any number.
  static double distance(double[] a, double[] b) {
    if (a.length == 0 || b.length == 0) {
      return a.length == b.length ? 0 : 1;
    }
    int i = 0;
    int j = 0;
    double most = 0;
    while (i < a.length && j < b.length) {
      double at = Math.min(a[i], b[j]);
      while (i < a.length && a[i] <= at) {
        i++;
      }
      while (j < b.length && b[j] <= at) {
        j++;
      }
      most = Math.max(most, Math.abs(i / (double) a.length - j / (double) b.length));
    }
    return most;
  }

  private static List<Part> byTenths(Frame.Column now, Frame.Column before, double[] sorted) {
    var edges =
        IntStream.range(1, PARTS)
            .mapToDouble(i -> sorted[(int) ((long) i * (sorted.length - 1) / PARTS)])
            .distinct()
            .toArray();
    var was = shares(before, edges);
    var is = shares(now, edges);
    var parts = new ArrayList<Part>();
    for (int p = 0; p < was.length; p++) {
      if (was[p] > 0 || is[p] > 0) {
        parts.add(new Part(named(p, edges), was[p], is[p]));
      }
    }
    return parts;
  }

  private static String named(int part, double[] edges) {
    if (part == edges.length + 1) {
      return "(missing)";
    }
    if (part == edges.length + 2) {
      return "(text)";
    }
    return part == edges.length
        ? "above " + Cells.label(edges[part - 1])
        : "up to " + Cells.label(edges[part]);
  }

  /// Up to each edge, above the last one, of what is missing and of texts.
  private static double[] shares(Frame.Column column, double[] edges) {
    var shares = new double[edges.length + 3];
    for (int row = 0; row < column.rows(); row++) {
      double number = column.number(row);
      int part = edges.length + (column.missing(row) ? 1 : 2);
      if (!Double.isNaN(number)) {
        int at = Arrays.binarySearch(edges, number);
        part = at >= 0 ? at : -at - 1;
      }
      shares[part] += 1.0 / column.rows();
    }
    return shares;
  }

  private static List<Part> byValue(Frame.Column now, Frame.Column before) {
    var was = counts(before);
    var is = counts(now);
    var values = new HashSet<>(was.keySet());
    values.addAll(is.keySet());
    var leading =
        values.stream()
            .sorted(
                Comparator.comparingInt(
                        (String v) -> -was.getOrDefault(v, 0) - is.getOrDefault(v, 0))
                    .thenComparing(v -> v))
            .limit(MOST_VALUES)
            .toList();
    var parts = new ArrayList<Part>();
    double restBefore = 1;
    double restNow = 1;
    for (var value : leading) {
      double a = was.getOrDefault(value, 0) / (double) before.rows();
      double b = is.getOrDefault(value, 0) / (double) now.rows();
      restBefore -= a;
      restNow -= b;
      parts.add(new Part(value.isEmpty() ? "(missing)" : value, a, b));
    }
    if (values.size() > leading.size()) {
      parts.add(new Part("(other)", Math.max(0, restBefore), Math.max(0, restNow)));
    }
    return parts;
  }

  private static Map<String, Integer> counts(Frame.Column column) {
    var counts = new HashMap<String, Integer>();
    for (int row = 0; row < column.rows(); row++) {
      counts.merge(column.text(row), 1, Integer::sum);
    }
    return counts;
  }
}

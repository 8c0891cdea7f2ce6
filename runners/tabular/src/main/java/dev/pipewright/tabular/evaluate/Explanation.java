package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.Explainable;
import dev.pipewright.tabular.Explainable.Contributions;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Why the model says what it says, found on a sample of the rows.
///
/// @param importance of the columns that were shuffled; empty when it was not asked for
/// @param shuffled the rows they were shuffled in
/// @param dependence of the most important columns
/// @param contributions null where the model cannot say them
/// @param explained the rows that the contributions are of
record Explanation(
    List<Importance> importance,
    int shuffled,
    List<Dependence> dependence,
    @Nullable Contributions contributions,
    @Nullable Frame explained) {
  private static final int SHUFFLED = 2000;
  private static final int LEAST_SHUFFLED = 200;
  private static final int SHUFFLED_COLUMNS = 100;
  private static final int OF_A_CLASS = 50;

  /// Predictions of single rows that shuffling may take: an ensemble needs up to a millisecond for
  /// one. Of more columns, fewer rows are shuffled.
  private static final int PREDICTIONS = 100_000;

  private static final int DEPENDED = 250;
  private static final int EXPLAINED = 500;
  private static final int COLUMNS = 6;

  static final Explanation NONE = new Explanation(List.of(), 0, List.of(), null, null);

  /// What there is of it by then, where it was asked to stop.
  static Explanation of(
      Predictor model, Frame frame, Judged judged, Wishes wishes, BooleanSupplier stop) {
    if (!wishes.explain()) {
      return NONE;
    }
    Contributions contributions = null;
    Frame explained = null;
    if (model instanceof Explainable explainable && !stop.getAsBoolean()) {
      explained = frame.rows(sample(frame.rows(), EXPLAINED));
      contributions = explainable.contributions(explained);
      System.out.printf(Locale.ROOT, "explained %,d predictions%n", explained.rows());
    }
    var importance = List.<Importance>of();
    int[] rows = {};
    if (wishes.shuffles() > 0) {
      var columns = shuffledColumns(model, frame, contributions);
      int most = PREDICTIONS / Math.max(1, columns.size() * wishes.shuffles());
      rows = chosen(judged, Math.clamp(most, LEAST_SHUFFLED, SHUFFLED), wishes.seed());
      var some = judged.pick(rows);
      importance =
          Importance.of(
              model, frame.rows(rows), some, columns, wishes.shuffles(), wishes.seed(), stop);
    }
    var dependence = new ArrayList<Dependence>();
    var few = frame.rows(sample(frame.rows(), DEPENDED));
    for (var column : leading(importance, contributions, model, frame)) {
      if (!stop.getAsBoolean()) {
        dependence.add(Dependence.of(model, few, few.column(column)));
      }
    }
    return new Explanation(importance, rows.length, dependence, contributions, explained);
  }

  /// Rows drawn by chance, and of two classes some of both: how well they are told apart, which is
  /// what is measured, does not depend on how many there are of each.
  private static int[] chosen(Judged judged, int most, long seed) {
    if (judged.rows() <= most) {
      return IntStream.range(0, judged.rows()).toArray();
    }
    var order = Importance.shuffled(judged.rows(), new SplittableRandom(seed));
    var chosen = new LinkedHashSet<Integer>();
    if (judged.binary()) {
      for (int c = 0; c < 2; c++) {
        int own = c;
        Arrays.stream(order)
            .filter(row -> judged.actual()[row] == own)
            .limit(OF_A_CLASS)
            .forEach(chosen::add);
      }
    }
    Arrays.stream(order).takeWhile(_ -> chosen.size() < most).forEach(chosen::add);
    return chosen.stream().mapToInt(row -> row).sorted().toArray();
  }

  /// All that the model may look at, or the strongest of them where there are very many.
  private static List<String> shuffledColumns(
      Predictor model, Frame frame, @Nullable Contributions contributions) {
    var all = columns(model, frame);
    if (all.size() <= SHUFFLED_COLUMNS) {
      return all;
    }
    System.out.printf(
        Locale.ROOT,
        "%,d columns: only %s %d are shuffled%n",
        all.size(),
        contributions == null ? "the first" : "those that contribute most, ",
        SHUFFLED_COLUMNS);
    var ordered = contributions == null ? all : byStrength(contributions);
    return ordered.stream().filter(all::contains).limit(SHUFFLED_COLUMNS).toList();
  }

  /// The columns that matter most, by what is known.
  private static List<String> leading(
      List<Importance> importance,
      @Nullable Contributions contributions,
      Predictor model,
      Frame frame) {
    if (!importance.isEmpty()) {
      return importance.stream().limit(COLUMNS).map(Importance::column).toList();
    }
    return contributions == null
        ? columns(model, frame).stream().limit(COLUMNS).toList()
        : byStrength(contributions).stream().limit(COLUMNS).toList();
  }

  /// The columns of the table that the model may look at.
  static List<String> columns(Predictor model, Frame frame) {
    var card = model.card();
    return frame.columns().stream()
        .filter(column -> !column.equals(card.target().column()))
        .filter(column -> !card.dropped().containsKey(column))
        .filter(column ->
            card.features().isEmpty()
                || card.features().stream().anyMatch(feature -> feature.column().equals(column)))
        .toList();
  }

  List<String> leading() {
    return dependence.stream().map(Dependence::column).toList();
  }

  /// The columns that move predictions most, first.
  static List<String> byStrength(Contributions contributions) {
    var strength = contributions.strength();
    return IntStream.range(0, strength.length)
        .boxed()
        .sorted(Comparator.comparingDouble(c -> -strength[c]))
        .map(contributions.columns()::get)
        .toList();
  }

  /// Rows spread evenly over all.
  static int[] sample(int rows, int most) {
    return rows <= most
        ? IntStream.range(0, rows).toArray()
        : IntStream.range(0, most).map(i -> (int) ((long) i * rows / most)).toArray();
  }

  /// Each cell's place between the low and the high values of its column, from 0 to 1; NaN for what
  /// is no number.
  static double[] places(Frame.Column column) {
    var numbers =
        IntStream.range(0, column.rows())
            .mapToDouble(column::number)
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    var places = new double[column.rows()];
    Arrays.fill(places, Double.NaN);
    if (numbers.length > 0) {
      double low = Sums.quantile(numbers, 0.05);
      double high = Sums.quantile(numbers, 0.95);
      for (int row = 0; row < places.length; row++) {
        double number = column.number(row);
        if (Double.isFinite(number)) {
          places[row] = high > low ? Math.clamp((number - low) / (high - low), 0, 1) : 0.5;
        }
      }
    }
    return places;
  }
}

package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/// How differently the model decides about groups of people, or of anything else. Groups of fewer
/// than [#LEAST] rows are listed, but no measure looks at them.
///
/// @param favourable the class that is good to be taken for
/// @param demographicParityDifference the highest selection rate less the lowest
/// @param disparateImpact the lowest selection rate as a part of the highest; below [#FOUR_FIFTHS]
///   it is taken for a sign of unfair treatment
/// @param equalOpportunityDifference the highest rate at which favourable rows were taken for such,
///   less the lowest
/// @param equalisedOddsDifference the larger of that, and of the same of unfavourable rows
/// @param warning null where there is nothing to warn of
@JsonInclude(JsonInclude.Include.NON_NULL)
record Fairness(
    String column,
    String favourable,
    List<Group> groups,
    @Nullable Double demographicParityDifference,
    @Nullable Double disparateImpact,
    @Nullable Double equalOpportunityDifference,
    @Nullable Double equalisedOddsDifference,
    @Nullable String warning) {
  static final int LEAST = 10;
  static final double FOUR_FIFTHS = 0.8;

  /// One group.
  ///
  /// @param selectionRate the share of its rows that were taken for the favourable class
  /// @param truePositiveRate of those that are favourable; null without such
  /// @param falsePositiveRate of those that are not; null without such
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Group(
      String value,
      int rows,
      double selectionRate,
      @Nullable Double truePositiveRate,
      @Nullable Double falsePositiveRate,
      double accuracy) {}

  /// @param favourable the position of that class
  static Fairness of(Judged judged, Groups groups, int favourable) {
    var decided = judged.decided();
    var actual = judged.actual();
    var all = new ArrayList<Group>();
    for (int g = 0; g < groups.names().size(); g++) {
      var rows = groups.rows(g);
      int selected = 0;
      int good = 0;
      int goodSelected = 0;
      int right = 0;
      for (int row : rows) {
        boolean taken = decided[row] == favourable;
        boolean is = actual[row] == favourable;
        selected += taken ? 1 : 0;
        good += is ? 1 : 0;
        goodSelected += taken && is ? 1 : 0;
        right += decided[row] == actual[row] ? 1 : 0;
      }
      all.add(
          new Group(
              groups.names().get(g),
              rows.length,
              selected / (double) rows.length,
              rate(goodSelected, good),
              rate(selected - goodSelected, rows.length - good),
              right / (double) rows.length));
    }
    return measured(groups.column(), judged.classes().get(favourable), all);
  }

  private static @Nullable Double rate(int part, int whole) {
    return whole == 0 ? null : (Double) (part / (double) whole);
  }

  private static Fairness measured(String column, String favourable, List<Group> all) {
    var large = all.stream().filter(group -> group.rows >= LEAST).toList();
    if (large.size() < 2) {
      return new Fairness(
          column,
          favourable,
          all,
          null,
          null,
          null,
          null,
          "Fewer than two groups of '%s' have %d rows: nothing can be compared"
              .formatted(column, LEAST));
    }
    double most = large.stream().mapToDouble(Group::selectionRate).max().orElseThrow();
    double least = large.stream().mapToDouble(Group::selectionRate).min().orElseThrow();
    double impact = most == 0 ? 1 : least / most;
    var opportunity =
        difference(
            large, group -> group.truePositiveRate == null ? Double.NaN : group.truePositiveRate);
    var alarms =
        difference(
            large, group -> group.falsePositiveRate == null ? Double.NaN : group.falsePositiveRate);
    var odds =
        opportunity == null || alarms == null ? null : (Double) Math.max(opportunity, alarms);
    return new Fairness(
        column,
        favourable,
        all,
        most - least,
        impact,
        opportunity,
        odds,
        impact < FOUR_FIFTHS ? warning(column, favourable, large, impact) : null);
  }

  private static String warning(
      String column, String favourable, List<Group> large, double impact) {
    var byRate = large.stream().sorted(Comparator.comparingDouble(Group::selectionRate)).toList();
    return "Rows with '%s' = '%s' are taken for '%s' only %.2f times as often as those with '%s': below four fifths, which is taken for a sign of unfair treatment"
        .formatted(column, byRate.getFirst().value, favourable, impact, byRate.getLast().value);
  }

  /// Null unless two groups have the rate.
  private static @Nullable Double difference(List<Group> groups, ToDoubleFunction<Group> rate) {
    var rates = groups.stream().mapToDouble(rate).filter(Double::isFinite).sorted().toArray();
    return rates.length < 2 ? null : (Double) (rates[rates.length - 1] - rates[0]);
  }
}

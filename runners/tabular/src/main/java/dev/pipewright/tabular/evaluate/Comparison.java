package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What tells two models apart on the same rows; `comparison.json`.
///
/// @param metric that decides
/// @param champion its measure
/// @param challenger its measure
/// @param difference by how much the challenger is better; below 0, worse
/// @param low where the difference's interval begins
/// @param pValue the chance of such a difference, were they equally good: from the paired
///   bootstrap, two-sided
/// @param better whether the difference is above the margin, and surely above 0
/// @param metrics all measures that both have: champion, challenger, and the difference's interval
///   where there is one
/// @param tests other tests of the same question
@JsonInclude(JsonInclude.Include.NON_NULL)
record Comparison(
    String task,
    int rows,
    String metric,
    double champion,
    double challenger,
    double difference,
    double low,
    double high,
    double pValue,
    double alpha,
    double margin,
    boolean better,
    int resamples,
    Map<String, Beside> metrics,
    Tests tests) {
  /// One measure of both.
  ///
  /// @param difference challenger less champion, whichever direction is better
  /// @param low where its interval begins; null of a measure that resamples cannot take
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Beside(
      double champion,
      double challenger,
      double difference,
      @Nullable Double low,
      @Nullable Double high) {}

  /// @param mcNemar of which rows only one has right; null of a regression
  /// @param deLong of the areas under the ROC curve; null unless binary
  /// @param squaredErrors a paired t-test of the squared errors (Diebold and Mariano's, of errors
  ///   that don't follow each other); null of a classification
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Tests(
      @Nullable McNemar mcNemar,
      Statistics.@Nullable AucTest deLong,
      @Nullable SquaredErrors squaredErrors) {}

  /// @param onlyChampion rows that only the champion has right
  record McNemar(int bothRight, int onlyChampion, int onlyChallenger, int bothWrong, double p) {}

  /// @param difference of the mean squared errors, champion less challenger
  record SquaredErrors(double difference, double p) {}

  /// @param metric null for the primary one
  /// @param margin by how much the challenger must be better at least
  static Comparison of(
      Judged champion,
      Judged challenger,
      @Nullable String metric,
      double margin,
      double alpha,
      Bootstrap bootstrap) {
    var first = new Measures(champion);
    var second = new Measures(challenger);
    var names = first.names().stream().filter(second.names()::contains).toList();
    var deciding = metric == null ? first.primary() : metric;
    int n = champion.rows();
    // The same draws for both, so what only some rows make hard is not taken for a difference.
    var samples =
        bootstrap.samples(
            n,
            weights -> {
              var one = first.of(weights);
              var two = second.of(weights);
              return names.stream()
                  .mapToDouble(
                      name -> two[second.names().indexOf(name)] - one[first.names().indexOf(name)])
                  .toArray();
            });
    var ones = Sums.ones(n);
    var ofChampion = first.of(ones);
    var ofChallenger = second.of(ones);
    var metrics = new LinkedHashMap<String, Beside>();
    for (int m = 0; m < names.size(); m++) {
      double one = ofChampion[first.names().indexOf(names.get(m))];
      double two = ofChallenger[second.names().indexOf(names.get(m))];
      var interval = Bootstrap.interval(samples[m]);
      metrics.put(names.get(m), new Beside(one, two, two - one, interval[0], interval[1]));
    }
    var alone = second.all();
    first
        .all()
        .forEach((name, one) -> {
          var two = alone.get(name);
          if (two != null && !metrics.containsKey(name)) {
            metrics.put(name, new Beside(one, two, two - one, null, null));
          }
        });
    var beside = metrics.get(deciding);
    var interval = Bootstrap.interval(samples[names.indexOf(deciding)]);
    boolean lower = Measures.lowerIsBetter(deciding);
    double difference = lower ? -beside.difference : beside.difference;
    double low = lower ? -interval[1] : interval[0];
    double high = lower ? -interval[0] : interval[1];
    double p = chance(samples[names.indexOf(deciding)]);
    return new Comparison(
        champion.target().kind().word(),
        n,
        deciding,
        beside.champion,
        beside.challenger,
        difference,
        low,
        high,
        p,
        alpha,
        margin,
        difference > margin && difference > 0 && p < alpha,
        bootstrap.resamples(),
        metrics,
        tests(champion, challenger));
  }

  /// Twice the share of resamples on the rarer side of 0; those at 0 count half to each. Never 0:
  /// so many resamples cannot say that.
  private static double chance(double[] samples) {
    double below = 0;
    double above = 0;
    for (double v : samples) {
      below += v < 0 ? 1 : v == 0 ? 0.5 : 0;
      above += v > 0 ? 1 : v == 0 ? 0.5 : 0;
    }
    return Math.min(1, 2 * (Math.min(below, above) + 1) / (below + above + 1));
  }

  private static Tests tests(Judged champion, Judged challenger) {
    if (champion.regression()) {
      var one = champion.errors().residuals();
      var two = challenger.errors().residuals();
      var squares =
          IntStream.range(0, one.length)
              .mapToDouble(i -> one[i] * one[i] - two[i] * two[i])
              .toArray();
      double p = squares.length < 2 ? 1 : Statistics.meanNotZero(squares);
      return new Tests(null, null, new SquaredErrors(Sums.mean(squares), p));
    }
    var actual = champion.actual();
    var one = champion.decided();
    var two = challenger.decided();
    var counts = new int[2][2];
    for (int i = 0; i < actual.length; i++) {
      counts[one[i] == actual[i] ? 1 : 0][two[i] == actual[i] ? 1 : 0]++;
    }
    var mcNemar =
        new McNemar(
            counts[1][1],
            counts[1][0],
            counts[0][1],
            counts[0][0],
            Statistics.mcNemar(counts[1][0], counts[0][1]));
    Statistics.AucTest deLong = null;
    if (champion.binary()) {
      long positives = Arrays.stream(actual).filter(c -> c == 1).count();
      if (positives > 1 && actual.length - positives > 1) {
        deLong = Statistics.deLong(champion.is(1), champion.column(1), challenger.column(1));
      }
    }
    return new Tests(mcNemar, deLong, null);
  }
}

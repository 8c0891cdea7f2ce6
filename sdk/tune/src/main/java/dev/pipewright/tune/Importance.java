package dev.pipewright.tune;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How much each parameter matters for being among the best tenth of the trials: PED-ANOVA
/// (Watanabe, Bansal and Hutter 2023, arXiv 2304.10255). The variance that a parameter alone
/// explains is the Pearson divergence between the density of its values among the best and among
/// all trials, which needs no model of the objective.
///
/// Densities are over the values, or 50 cells of the line where there are more, a normal kernel for
/// each trial with Scott's width and no narrower than a cell.
final class Importance {
  private static final int CELLS = 50;
  private static final int LEAST = 4;

  private Importance() {}

  /// Shares of 1, the largest first; empty while there are too few trials to say.
  static Map<String, Double> of(History history) {
    var sorted = history.complete().stream().sorted(History.BEST_FIRST).toList();
    if (sorted.size() < LEAST) {
      return Map.of();
    }
    int best = Math.max(2, (sorted.size() + 9) / 10);
    var space = history.space;
    var found = new LinkedHashMap<String, Double>();
    for (int i = 0; i < space.size(); i++) {
      var axis = space.axis(i);
      double divergence =
          axis.single() ? 0 : divergence(axis, codes(sorted.subList(0, best), i), codes(sorted, i));
      found.put(axis.parameter.name(), divergence);
    }
    double sum = found.values().stream().mapToDouble(Double::doubleValue).sum();
    var shares = new LinkedHashMap<String, Double>();
    found.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(one -> shares.put(one.getKey(), sum > 0 ? one.getValue() / sum : 0));
    return shares;
  }

  private static double[] codes(List<History.Entry> entries, int parameter) {
    return entries.stream()
        .mapToDouble(entry -> entry.point[parameter])
        .filter(code -> !Double.isNaN(code))
        .toArray();
  }

  private static double divergence(Axis axis, double[] best, double[] all) {
    if (best.length < 2) {
      return 0;
    }
    int cells = axis.isChoice() || axis.size > 0 && axis.size < CELLS ? (int) axis.size : CELLS;
    var top = density(axis, best, cells);
    var base = density(axis, all, cells);
    double divergence = 0;
    for (int c = 0; c < cells; c++) {
      double ratio = top[c] / base[c] - 1;
      divergence += base[c] * ratio * ratio;
    }
    return divergence;
  }

  private static double[] density(Axis axis, double[] codes, int cells) {
    var density = new double[cells];
    if (axis.isChoice()) {
      Arrays.fill(density, 1.0 / cells);
      for (double code : codes) {
        density[(int) code]++;
      }
    } else {
      var places = Arrays.stream(codes).map(code -> axis.share(code) * cells).toArray();
      double mean = Arrays.stream(places).average().orElse(0);
      double variance =
          Arrays.stream(places).map(place -> (place - mean) * (place - mean)).sum()
              / Math.max(1, places.length - 1);
      double width = Math.max(1, 1.059 * Math.sqrt(variance) * Math.pow(places.length, -0.2));
      Arrays.fill(density, 1.0 / cells);
      for (double place : places) {
        double inside = Gauss.cdf((cells - place) / width) - Gauss.cdf(-place / width);
        for (int c = 0; c < cells; c++) {
          density[c] +=
              (Gauss.cdf((c + 1 - place) / width) - Gauss.cdf((c - place) / width)) / inside;
        }
      }
    }
    double sum = Arrays.stream(density).sum();
    return Arrays.stream(density).map(value -> value / sum).toArray();
  }
}

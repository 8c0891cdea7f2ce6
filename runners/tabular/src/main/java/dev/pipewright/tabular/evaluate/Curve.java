package dev.pipewright.tabular.evaluate;

import java.util.ArrayList;
import java.util.List;

/// How well the probability of one class ranks the rows.
///
/// @param label of the class
record Curve(
    String label,
    double auc,
    double averagePrecision,
    Ranking.Roc roc,
    Ranking.PrecisionRecall precisionRecall,
    Ranking.Gain gain) {
  private static final int POINTS = 500;

  /// One of a binary target; of several classes one for each that is there, but not alone.
  static List<Curve> of(Judged judged) {
    var curves = new ArrayList<Curve>();
    for (int c = judged.binary() ? 1 : 0; c < judged.target().classes().size(); c++) {
      var ranking = Ranking.of(judged.actual(), c, judged.column(c));
      if (ranking.mixed()) {
        curves.add(
            new Curve(
                judged.classes().get(c),
                ranking.auc(),
                ranking.averagePrecision(),
                ranking.roc(),
                ranking.precisionRecall(),
                ranking.gain()));
      }
      if (judged.binary()) {
        break;
      }
    }
    return curves;
  }

  Curve thinned() {
    return new Curve(
        label,
        auc,
        averagePrecision,
        roc.thinned(POINTS),
        precisionRecall.thinned(POINTS),
        gain.thinned(POINTS));
  }
}

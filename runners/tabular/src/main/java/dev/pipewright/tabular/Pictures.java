package dev.pipewright.tabular;

import dev.pipewright.tabular.report.Bars;
import dev.pipewright.tabular.report.Text;
import java.util.List;

/// The picture of a model.
final class Pictures {
  private static final int SHOWN = 15;

  private Pictures() {}

  /// Bars, the longest first, fifteen at most.
  static String importance(List<Xgboost.Importance> columns) {
    var bars = Bars.of("share of the total gain over all splits");
    columns.stream()
        .filter(column -> column.gain() > 0)
        .limit(SHOWN)
        .forEach(column -> bars.bar(column.column(), column.share(), Text.percent(column.share())));
    return bars.picture("Feature importance").svg();
  }
}

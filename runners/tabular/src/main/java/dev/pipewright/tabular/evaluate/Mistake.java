package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A row that the model was wrong about, and sure.
///
/// @param row its number in the table; the first below the header is 1
/// @param probability given to the predicted class; null of a regression
/// @param error actual less predicted; null of a classification
/// @param cells of some columns
@JsonInclude(JsonInclude.Include.NON_NULL)
record Mistake(
    int row,
    String actual,
    String predicted,
    @Nullable Double probability,
    @Nullable Double error,
    Map<String, String> cells) {
  static final int MOST = 20;

  /// The worst ones first.
  ///
  /// @param numbers where each judged row is in the table, from 0
  /// @param shown the columns whose cells are told
  static List<Mistake> of(Judged judged, Frame frame, int[] numbers, List<String> shown) {
    return judged.regression()
        ? regression(judged, frame, numbers, shown)
        : classification(judged, frame, numbers, shown);
  }

  private static List<Mistake> classification(
      Judged judged, Frame frame, int[] numbers, List<String> shown) {
    var decided = judged.decided();
    return IntStream.range(0, judged.rows())
        .filter(i -> decided[i] != judged.actual()[i])
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -judged.predicted()[i][decided[i]]))
        .limit(MOST)
        .map(i ->
            new Mistake(
                numbers[i] + 1,
                judged.classes().get(judged.actual()[i]),
                judged.classes().get(decided[i]),
                judged.predicted()[i][decided[i]],
                null,
                cells(frame, i, shown)))
        .toList();
  }

  private static List<Mistake> regression(
      Judged judged, Frame frame, int[] numbers, List<String> shown) {
    var off = judged.errors().residuals();
    return IntStream.range(0, judged.rows())
        .filter(i -> off[i] != 0)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -Math.abs(off[i])))
        .limit(MOST)
        .map(i ->
            new Mistake(
                numbers[i] + 1,
                Cells.label(judged.values()[i]),
                Cells.label(judged.predicted()[i][0]),
                null,
                off[i],
                cells(frame, i, shown)))
        .toList();
  }

  private static Map<String, String> cells(Frame frame, int row, List<String> shown) {
    var cells = new LinkedHashMap<String, String>();
    shown.forEach(column -> cells.put(column, frame.column(column).text(row)));
    return cells;
  }
}

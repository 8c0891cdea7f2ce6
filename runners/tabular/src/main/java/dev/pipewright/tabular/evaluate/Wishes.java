package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the inputs ask for.
///
/// @param cut from what probability on a row counts as positive
/// @param slices columns to look at separately
/// @param groups columns between whose values the model is to be fair
/// @param favourable the class that is good to be taken for; empty for the positive one
/// @param quantile of the pinball loss; NaN for none
/// @param shuffles of each column; 0 for no importance
record Wishes(
    double cut,
    Optional<Costs> costs,
    double atRecall,
    double atPrecision,
    double quantile,
    List<String> slices,
    List<String> groups,
    Optional<String> favourable,
    int shuffles,
    boolean explain,
    int resamples,
    long seed) {
  /// @throws dev.pipewright.contract.ProblemException INPUT_INVALID
  static Wishes of(Settings settings) {
    var context = settings.context();
    return new Wishes(
        context.number("threshold").isEmpty()
            ? Judged.HALF
            : settings.number("threshold", 0.5, 0, 1),
        Costs.of(settings),
        settings.number("atRecall", 0.9, 0, 1),
        settings.number("atPrecision", 0.9, 0, 1),
        context.number("quantile").isEmpty() ? Double.NaN : settings.number("quantile", 0.5, 0, 1),
        list(settings, "slices"),
        list(settings, "groups"),
        context.text("favourable"),
        (int) settings.whole("shuffles", 5, 0, 1000),
        settings.flag("explain", true),
        (int) settings.whole("resamples", Bootstrap.USUAL, 0, 100_000),
        settings.whole("seed", 42, Long.MIN_VALUE / 1024, Long.MAX_VALUE / 1024));
  }

  /// Columns as a list, or as a text with commas between them.
  static List<String> list(Settings settings, String name) {
    var text = settings.context().text(name).orElse("").strip();
    if (text.isEmpty()) {
      return List.of();
    }
    if (!text.startsWith("[")) {
      return List.of(text.split("\\s*,\\s*"));
    }
    try {
      var columns = new ArrayList<String>();
      for (var item : Json.MAPPER.readTree(text)) {
        columns.add(item.asText());
      }
      return columns;
    } catch (JsonProcessingException _) {
      throw Settings.invalid(name, "'" + text + "'", "a list of columns such as [region, age]");
    }
  }
}

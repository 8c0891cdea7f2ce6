package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Json;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What was tried and what became of it.
///
/// @param weights of the ensemble's members, by trial
/// @param ensemble its measure
record Leaderboard(
    Prepared table, List<Trial> ranking, Map<Integer, Double> weights, double ensemble, int folds) {
  /// `leaderboard.json`
  record Board(
      String metric, boolean higherIsBetter, double ensemble, int folds, List<Row> trials) {}

  /// @param weight in the ensemble; 0 for those that are not in it
  record Row(
      int trial,
      String name,
      String family,
      Map<String, String> params,
      Encoding encoding,
      @Nullable Double value,
      double weight,
      double seconds,
      int repeats,
      List<Integer> rounds,
      @Nullable String problem) {}

  List<Row> rows() {
    return ranking.stream()
        .map(trial ->
            new Row(
                trial.number(),
                trial.config().name(),
                trial.config().family().word(),
                trial.config().texts(),
                trial.config().encoding(),
                trial.done() ? trial.value() : null,
                weights.getOrDefault(trial.number(), 0.0),
                trial.seconds(),
                trial.repeats(),
                trial.rounds(),
                trial.problem()))
        .toList();
  }

  void write(TaskContext context) throws IOException {
    var text =
        Json.MAPPER
                .writerWithDefaultPrettyPrinter()
                .writeValueAsString(
                    new Board(
                        table.measure().word(),
                        table.measure().higherIsBetter(),
                        ensemble,
                        folds,
                        rows()))
            + "\n";
    Files.createDirectories(context.artifacts());
    Files.writeString(context.artifacts().resolve("leaderboard.json"), text);
    Files.writeString(context.outputs().resolve("leaderboard.json"), text);
  }

  void print() {
    System.out.printf(
        Locale.ROOT,
        "%n%-28s %12s %8s %8s%n",
        "model",
        table.measure().word(),
        "weight",
        "seconds");
    System.out.printf(Locale.ROOT, "%-28s %12.5f%n", "ensemble", ensemble);
    for (var row : rows().stream().limit(15).toList()) {
      System.out.printf(
          Locale.ROOT,
          "%-28s %12s %8s %8.1f%n",
          row.name(),
          row.value() == null ? "-" : String.format(Locale.ROOT, "%.5f", row.value()),
          row.weight() > 0 ? String.format(Locale.ROOT, "%.3f", row.weight()) : "",
          row.seconds());
    }
  }
}

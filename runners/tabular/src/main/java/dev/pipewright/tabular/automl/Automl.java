package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Explainable;
import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.data.Profile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// `pipewright/automl@v1`: searches for the best ensemble of models for a table, within a time.
///
/// Inputs are those of [Wishes]. Outputs: `model`, `task` (`binary`, `multiclass` or `regression`),
/// `metric`, `score` (of the ensemble on rows that its members were not trained on; the members'
/// weights were chosen on them, so that it is a little too good), `baseline` (of the prior),
/// `trials` and `leaderboard` (artifact).
///
/// Each trial that ends is a point of the metrics `trial-<metric>` and `best-<metric>`. What ended
/// is kept in the task's checkpoints: an attempt after one that was stopped goes on from there.
public final class Automl implements BuiltinTask {
  /// For writing and measuring at the end.
  private static final double RESERVE = 0.05;

  private static final double LEAST_RESERVE_SECONDS = 1.5;

  /// Of the time that is left for the search.
  private static final double REFIT = 0.15;

  /// Seconds that are never over.
  private static final double UNTIMED = 1e7;

  /// Rows whose predictions are explained, for each minute of the budget.
  private static final double EXPLAINED = 30;

  @Override
  public String uses() {
    return "pipewright/automl@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    long began = System.nanoTime();
    var wishes = Wishes.of(context);
    var frame = Frames.of(context, "train");
    context.logDataset(context.data("train"), "train", frame.rows());
    var prepared = Prepared.of(frame, wishes);
    prepared.notes().forEach(System.out::println);
    if (wishes.onnx()) {
      checkOnnx(prepared);
    }
    wishes.params().forEach(context::logParam);
    context.logParam("task", prepared.target().kind().word());
    context.logParam("metric", prepared.measure().word());

    var folder = context.checkpoints().resolve("automl");
    var plan = plan(folder, context.data("train").digest(), prepared, wishes);
    // An attempt before may have had more time, or another machine.
    var table = prepared.judgedBy(plan.folds(0));
    double spent = spent(folder);
    double budget = wishes.budget();
    double left = budget - spent - since(began) - Math.max(LEAST_RESERVE_SECONDS, RESERVE * budget);
    boolean untimed = wishes.trials().isPresent() && !wishes.timed();
    double forRefit = !wishes.refit() ? 0 : untimed ? UNTIMED : REFIT * left;
    if (spent > 0) {
      System.out.printf(
          Locale.ROOT, "Going on where an attempt before was stopped after %.0f s%n", spent);
    }
    var limits =
        new Search.Limits(
            Deadline.in(untimed ? UNTIMED : Math.max(left - forRefit, 0.5)),
            budget,
            wishes.trials().orElse(Integer.MAX_VALUE),
            wishes.workers(),
            wishes.heap());
    var told = new Told(context, table.measure(), wishes, began);
    var search =
        new Search(
            plan,
            table.innerMeasure(),
            limits,
            Portfolio.of(
                table.labels().length,
                table.columns(),
                wishes.families(),
                table.folds().count(),
                table.goal().regression() && !table.logarithmic()
                    ? Logarithm.most(table.labels())
                    : OptionalDouble.empty()),
            new Tuning(table.labels().length, wishes.families(), wishes.seed()),
            table::otherFolds,
            context::cancelled,
            trial -> {
              told.trial(trial);
              writeSpent(folder, spent + since(began));
            });
    var ranking = search.run();
    writeSpent(folder, spent + since(began));
    if (context.cancelled()) {
      System.out.println("Stopped as asked; what was done is kept for the next attempt");
      return;
    }
    var refitted =
        wishes.refit()
            ? new Refit(plan, limits, context::cancelled)
                .run(search.members(), Deadline.in(forRefit))
            : Set.<Integer>of();
    if (!context.cancelled()) {
      finish(context, plan, table, wishes, search, ranking, refitted, () -> since(began));
    }
    if (context.cancelled()) {
      System.out.println("Stopped as asked; what was done is kept for the next attempt");
      return;
    }
    // What is in the model was copied; the rest was for an attempt that will not come.
    delete(folder);
    System.out.printf(Locale.ROOT, "Done after %.1f s of %.0f s%n", since(began), budget);
  }

  /// Before anything is searched for.
  private static void checkOnnx(Prepared table) {
    for (var column : table.columns()) {
      if (column.kind() == Profile.Kind.TEXT) {
        throw EncoderGraph.unsupported(column.column());
      }
    }
  }

  private static boolean dated(Profile column) {
    return column.kind() == Profile.Kind.DATE;
  }

  /// The folder of an attempt before, if it was about the same; else a new one.
  private static Plan plan(Path folder, String digest, Prepared table, Wishes wishes)
      throws IOException {
    var about = digest + " " + wishes.about();
    if (Files.exists(folder.resolve("plan.json"))) {
      var before = Plan.open(folder);
      if (before.head().about().equals(about) && Arrays.equals(before.labels(), table.labels())) {
        return before;
      }
    }
    delete(folder);
    var head =
        new Plan.Head(
            about,
            table.goal(),
            table.columns(),
            table.folds().count(),
            table.folds().ordered(),
            wishes.seed());
    var plan = new Plan(folder, head);
    Files.createDirectories(folder);
    table.frame().save(plan.table());
    plan.writeLabels(table.labels());
    plan.writeFolds(0, table.folds());
    plan.write();
    return plan;
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (var all = Files.walk(folder)) {
      for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static double spent(Path folder) throws IOException {
    var file = folder.resolve("spent.json");
    return Files.exists(file) ? Json.MAPPER.readValue(file.toFile(), Double.class) : 0;
  }

  private static void writeSpent(Path folder, double seconds) {
    try {
      Plan.writeWhole(folder.resolve("spent.json"), Json.MAPPER.writeValueAsBytes(seconds));
    } catch (IOException e) {
      throw new UncheckedIOException("the checkpoint cannot be written", e);
    }
  }

  private static double since(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private static void finish(
      TaskContext context,
      Plan plan,
      Prepared table,
      Wishes wishes,
      Search search,
      List<Trial> ranking,
      Set<Integer> refitted,
      DoubleSupplier seconds)
      throws IOException {
    var done = ranking.stream().filter(Trial::done).toList();
    if (done.isEmpty()) {
      throw new ProblemException(
          ProblemCode.NO_MODEL,
          "no model could be trained in %.0f s: %s"
              .formatted(
                  wishes.budget(),
                  ranking.isEmpty() ? "none ended in time" : ranking.getFirst().problem()),
          "Give a longer budget or fewer rows.");
    }
    var weights = search.chosen();
    var members = done.stream().filter(trial -> weights.containsKey(trial.number())).toList();
    var judging = plan.folds(0).judging();
    var labels = Encoder.pick(table.labels(), judging);
    var blended =
        Ensemble.blend(
            members.stream().map(trial -> search.predictions(trial.number())).toList(),
            members.stream().mapToDouble(trial -> weights.get(trial.number())).toArray());
    var calibration = Calibration.fit(labels, blended, plan.goal());
    var calibrated = calibration.apply(blended, plan.goal());
    double value = table.innerMeasure().of(labels, calibrated, plan.goal());
    var prior =
        ranking.stream().filter(trial -> trial.config().family() == Family.PRIOR).findFirst();

    var folder = Files.createTempDirectory("automl-model");
    AutomlModel.write(
        folder,
        plan,
        weights,
        refitted,
        wishes.refit(),
        ranking,
        calibration.moved(table.oddsOff()),
        table.logarithmic());
    var params = new LinkedHashMap<>(wishes.params());
    params.put("members", Integer.toString(members.size()));
    var card =
        new ModelCard(
            ModelCard.FORMAT,
            AutomlModel.FLAVOR,
            "lightgbm %s, xgboost4j 2.1.4, djl 0.35.1".formatted(Lightgbm.VERSION),
            table.target(),
            table.priors(),
            table.mean(),
            List.of(),
            table.dropped(),
            table.frame().rows(),
            members.size(),
            table.measure().word(),
            value,
            params);
    card.write(folder);
    var columns = new LinkedHashMap<String, Boolean>();
    table
        .columns()
        .forEach(column -> columns.put(column.column(), column.kind() == Profile.Kind.NUMBER));
    var data = context.data("train");
    var described =
        ModelFolder.of(
            card,
            columns,
            table.frame(),
            new ModelFolder.Data(data.name(), data.digest(), table.frame().rows()),
            String.format(Locale.ROOT, "%s %.5f, cross-validated", table.measure().word(), value));
    if (wishes.onnx()) {
      try (var whole = AutomlModel.open(folder, card)) {
        whole.export().write(folder);
      }
      described = described.withOnnx(table.columns().stream().noneMatch(Automl::dated));
    }
    described.write(folder, context);
    var model = context.logModel("model", AutomlModel.FLAVOR, folder, params);
    int explained = (int) Math.clamp(EXPLAINED * wishes.budget() / 60, 10, 300);
    var why = why(folder, card, table, explained);
    delete(folder);

    context.output("model", model);
    context.output("task", table.target().kind().word());
    context.output("metric", table.measure().word());
    context.output("score", value);
    context.output("trials", done.size());
    prior.ifPresent(trial -> context.output("baseline", trial.value()));
    context.logMetric("cv-" + table.measure().word(), 0, value);
    var leaderboard = new Leaderboard(table, ranking, weights, value, plan.head().folds());
    leaderboard.write(context);
    var page =
        new SearchPage(
            table, wishes, leaderboard, judging, labels, calibrated, seconds.getAsDouble(), why);
    Files.writeString(context.artifacts().resolve("automl.html"), page.page().html());
    leaderboard.print();
  }

  /// What the boosted trees say of some rows; null where there are none.
  private static Explainable.@Nullable Contributions why(
      Path folder, ModelCard card, Prepared table, int most) throws IOException {
    try (var model = AutomlModel.open(folder, card)) {
      return model instanceof Explainable explained
          ? explained.contributions(table.frame().rows(some(table.frame().rows(), most)))
          : null;
    }
  }

  /// Rows spread evenly.
  private static int[] some(int rows, int most) {
    int count = Math.min(rows, most);
    return IntStream.range(0, count).map(i -> (int) ((double) i * rows / count)).toArray();
  }

  /// Says how it goes.
  private static final class Told {
    private final TaskContext context;
    private final Measure measure;
    private final Wishes wishes;
    private final long began;
    private double best = Double.NEGATIVE_INFINITY;

    Told(TaskContext context, Measure measure, Wishes wishes, long began) {
      this.context = context;
      this.measure = measure;
      this.wishes = wishes;
      this.began = began;
    }

    void trial(Trial trial) {
      if (!trial.done()) {
        System.out.printf(
            Locale.ROOT,
            "%5.1f s  trial %d %s: no model, %s%n",
            since(began),
            trial.number(),
            trial.config().name(),
            trial.problem());
        return;
      }
      boolean better = trial.score() > best;
      best = Math.max(best, trial.score());
      context.logMetric("trial-" + measure.word(), trial.number(), trial.value());
      context.logMetric(
          "best-" + measure.word(), trial.number(), measure.higherIsBetter() ? best : -best);
      context.logMetric("progress", trial.number(), Math.min(1, since(began) / wishes.budget()));
      System.out.printf(
          Locale.ROOT,
          "%5.1f s  trial %d %s%s: %s %.5f in %.1f s%s%n",
          since(began),
          trial.number(),
          trial.config().name(),
          trial.repeats() > 1 ? " on " + trial.repeats() + " foldings" : "",
          measure.word(),
          trial.value(),
          trial.seconds(),
          better ? ", the best so far" : "");
    }
  }
}

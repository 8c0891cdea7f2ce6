package dev.pipewright.tabular.automl;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Fits the ensemble's trees once more, each configuration on all rows, with as many rounds as did
/// best in its folds, and its neighbours, as many as did best: one model then stands for those of
/// all folds, and predicts that much faster.
///
/// The other families choose their strength by rows that judge; of them the models of the first
/// folding stay.
final class Refit {
  private static final Set<Family> REFITTED =
      EnumSet.of(Family.LIGHTGBM, Family.XGBOOST, Family.FOREST, Family.NEIGHBOURS);

  /// The number under which these are kept, beside those of the foldings.
  static final int REPEAT = 9_999;

  private final Plan plan;
  private final Search.Limits limits;
  private final BooleanSupplier cancelled;
  private final Set<Integer> done = new TreeSet<>();

  Refit(Plan plan, Search.Limits limits, BooleanSupplier cancelled) {
    this.plan = plan;
    this.limits = limits;
    this.cancelled = cancelled;
  }

  /// Those that were fitted again; others did not fit into what is left of the time.
  Set<Integer> run(List<Trial> members, Deadline deadline)
      throws IOException, InterruptedException {
    var nobodyJudges = new int[plan.labels().length];
    Arrays.fill(nobodyJudges, -1);
    plan.writeFolds(REPEAT, new Folds(nobodyJudges, 1, false));
    var queue =
        new ArrayDeque<>(
            members.stream()
                .filter(trial -> REFITTED.contains(trial.config().family()))
                .sorted(Comparator.comparing(this::seconds).reversed())
                .toList());
    var workers = new ArrayList<Worker>();
    try (var threads = Executors.newFixedThreadPool(limits.workers())) {
      for (int w = 0; w < limits.workers(); w++) {
        var worker = new Worker(plan.folder(), limits.heap());
        workers.add(worker);
        threads.execute(() -> work(worker, queue, deadline));
      }
      threads.shutdown();
      while (!threads.awaitTermination(50, TimeUnit.MILLISECONDS)) {
        if (cancelled.getAsBoolean() || deadline.passed()) {
          // What they have in hand is lost; the models of its folds are there.
          workers.forEach(Worker::close);
        }
      }
    } finally {
      workers.forEach(Worker::close);
    }
    return done;
  }

  private void work(Worker worker, ArrayDeque<Trial> queue, Deadline deadline) {
    try {
      for (var next = next(queue, deadline); next != null; next = next(queue, deadline)) {
        var answer =
            worker.ask(new TrialWorker.Order(next.number(), config(next), REPEAT, List.of(0), 1e6));
        if (answer.problem() == null) {
          synchronized (this) {
            done.add(next.number());
          }
        }
      }
    } catch (IOException _) {
      // Its process was ended, and with it what it had in hand.
    }
  }

  private synchronized @org.jspecify.annotations.Nullable Trial next(
      ArrayDeque<Trial> queue, Deadline deadline) {
    while (!queue.isEmpty() && !cancelled.getAsBoolean()) {
      var next = queue.removeFirst();
      if (seconds(next) < deadline.left()) {
        return next;
      }
    }
    return null;
  }

  /// About how long it will take: more rows than in a fold, and nobody judges.
  private double seconds(Trial trial) {
    int folds = plan.head().folds();
    return 1.3 * trial.seconds() / Math.max(1, trial.repeats()) / Math.max(1, folds - 1);
  }

  /// The rounds that were best in the folds, a few more for the rows that there are more.
  private Config config(Trial trial) {
    var rounds = trial.rounds().stream().mapToInt(Integer::intValue).sorted().toArray();
    // In time, the last fold is the one with nearly as many rows.
    int usual =
        rounds.length == 0
            ? 0
            : plan.head().ordered() ? trial.rounds().getLast() : rounds[rounds.length / 2];
    int folds = plan.head().folds();
    double more = folds > 1 ? Math.sqrt(folds / (folds - 1.0)) : 1.1;
    if (usual == 0) {
      return trial.config();
    }
    return switch (trial.config().family()) {
      case NEIGHBOURS -> trial.config().with("k", usual);
      case LIGHTGBM, XGBOOST -> trial.config().with("rounds", (int) Math.ceil(usual * more));
      case FOREST, LINEAR, NETWORK, PRIOR -> trial.config();
    };
  }
}

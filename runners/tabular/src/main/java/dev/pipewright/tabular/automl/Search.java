package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Gives trials to workers until the time or the number of trials is used up: the portfolio first,
/// then what [Proposals] make of what came out, then, on few rows, the ensemble's members again on
/// other folds.
final class Search {
  /// Beyond the deadline a worker is not waited for longer than this.
  private static final double GRACE_SECONDS = 0.5;

  /// One trial may take so much of the time.
  private static final double MOST_SHARE = 0.3;

  /// With so much of the time that it wants, boosting is nearly as good.
  private static final double ENOUGH = 0.6;

  /// Where more rows are judged by, other folds change little.
  private static final int FEW_ROWS = 3_000;

  private static final int MOST_REPEATS = 12;

  /// A reproducible proposal does not look at so many trials before it, which may still run.
  private static final int LAG = 4;

  /// What is asked of a search.
  ///
  /// @param trials the most there may be; what they find is then the same each time
  /// @param workers processes side by side
  /// @param heap of each, in bytes
  record Limits(Deadline deadline, double budget, int trials, int workers, long heap) {
    /// With a number of trials instead of a time, nothing may hang on how long anything took.
    boolean reproducible() {
      return trials < Integer.MAX_VALUE;
    }
  }

  private final Plan plan;
  private final Measure measure;
  private final Limits limits;
  private final List<Config> portfolio;
  private final Proposals proposals;
  private final IntFunction<Folds> otherFolds;
  private final BooleanSupplier cancelled;
  private final Consumer<Trial> told;

  private final float[] labels;
  private final Map<Integer, Trial> trials = new HashMap<>();
  private final Map<Integer, double[]> predicted = new HashMap<>();
  private final Map<Family, Double> usualSeconds = new HashMap<>();
  private final Set<Integer> inHand = new HashSet<>();
  private final Set<String> tried = new HashSet<>();
  private int nextNumber;
  private int nextInPortfolio;
  private @Nullable IOException broken;

  /// @param otherFolds for another look at the same rows, by its number
  /// @param told of each trial that ended
  Search(
      Plan plan,
      Measure measure,
      Limits limits,
      List<Config> portfolio,
      Proposals proposals,
      IntFunction<Folds> otherFolds,
      BooleanSupplier cancelled,
      Consumer<Trial> told)
      throws IOException {
    this.plan = plan;
    this.measure = measure;
    this.limits = limits;
    this.portfolio = portfolio;
    this.proposals = proposals;
    this.otherFolds = otherFolds;
    this.cancelled = cancelled;
    this.told = told;
    this.labels = plan.labels();
    resume();
  }

  /// Takes over what an earlier attempt did.
  private void resume() throws IOException {
    if (!Files.isDirectory(plan.folder().resolve("trials"))) {
      return;
    }
    try (var folders = Files.list(plan.folder().resolve("trials"))) {
      for (var folder : folders.sorted().toList()) {
        var file = folder.resolve("trial.json");
        if (Files.exists(file)) {
          var trial = Json.MAPPER.readValue(file.toFile(), Trial.class);
          trials.put(trial.number(), trial);
          nextNumber = Math.max(nextNumber, trial.number() + 1);
          if (trial.done()) {
            predicted.put(trial.number(), read(trial.number(), trial.repeats()));
            note(trial);
          }
        }
      }
    }
    trials.values().forEach(trial -> tried.add(trial.config().name()));
  }

  /// The trials, the best first; those without a model come last.
  List<Trial> run() throws IOException, InterruptedException {
    var workers = new ArrayList<Worker>();
    try (var threads = Executors.newFixedThreadPool(limits.workers())) {
      for (int w = 0; w < limits.workers(); w++) {
        var worker = new Worker(plan.folder(), limits.heap());
        workers.add(worker);
        threads.execute(() -> work(worker));
      }
      threads.shutdown();
      while (!threads.awaitTermination(50, TimeUnit.MILLISECONDS)) {
        if (cancelled.getAsBoolean() || limits.deadline().left() < -GRACE_SECONDS) {
          // What they have in hand is lost; what they ended is on the disk.
          workers.forEach(Worker::close);
        }
      }
    } finally {
      workers.forEach(Worker::close);
    }
    if (broken != null) {
      throw broken;
    }
    return ranking();
  }

  synchronized List<Trial> ranking() {
    return trials.values().stream()
        .sorted(
            Comparator.comparing(Trial::done)
                .thenComparing(Trial::score)
                .reversed()
                .thenComparing(Trial::number))
        .toList();
  }

  /// The judging rows' predictions, of repeated trials their mean.
  synchronized double[] predictions(int trial) {
    return predicted.get(trial);
  }

  private void work(Worker worker) {
    try {
      for (var next = next(); next.isPresent(); next = next()) {
        var work = next.get();
        try {
          if (work.repeat > 0) {
            repeat(worker, work);
          } else {
            first(worker, work);
          }
        } finally {
          synchronized (this) {
            inHand.remove(work.number);
          }
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (IOException | UncheckedIOException e) {
      synchronized (this) {
        if (!cancelled.getAsBoolean() && limits.deadline().left() > 0 && broken == null) {
          broken = e instanceof IOException io ? io : new IOException(e);
        }
      }
    }
  }

  private record Work(int number, Config config, int repeat) {}

  private synchronized Optional<Work> next() throws IOException, InterruptedException {
    while (!over()) {
      if (limits.reproducible()) {
        return nextByNumber();
      }
      while (nextInPortfolio < portfolio.size()) {
        var config = portfolio.get(nextInPortfolio++);
        if (!tried.contains(config.name()) && fits(config)) {
          return Optional.of(begin(nextNumber, config));
        }
      }
      if (nextNumber >= mostConfigs()) {
        return again();
      }
      var proposal = proposals.next(known(nextNumber), nextNumber);
      if (proposal.isPresent()) {
        return fits(proposal.get()) ? Optional.of(begin(nextNumber, proposal.get())) : again();
      }
      var again = again();
      if (again.isPresent() || inHand.isEmpty()) {
        return again;
      }
      // Nothing is known yet to start from, but somebody is at it.
      wait(100);
    }
    return Optional.empty();
  }

  private boolean over() {
    return cancelled.getAsBoolean() || limits.deadline().passed() || broken != null;
  }

  /// The first trial that is neither done nor in hand: each number has its configuration, whoever
  /// asks for it and however often the search was stopped.
  private Optional<Work> nextByNumber() throws InterruptedException {
    while (!over()) {
      int number = 0;
      while (trials.containsKey(number) || inHand.contains(number)) {
        number++;
      }
      if (number >= limits.trials()) {
        return Optional.empty();
      }
      if (number < portfolio.size()) {
        return Optional.of(begin(number, portfolio.get(number)));
      }
      if (number >= mostConfigs()) {
        return Optional.empty();
      }
      // The first ones are waited for: a proposal starts from what is known of its family.
      int until = Math.max(number - LAG, Math.min(portfolio.size(), 2 * LAG));
      if (inHand.stream().noneMatch(running -> running < until)) {
        var proposal = proposals.next(known(until), number);
        return proposal.isPresent() ? Optional.of(begin(number, proposal.get())) : Optional.empty();
      }
      // Meanwhile somebody else may begin this number.
      wait(100);
    }
    return Optional.empty();
  }

  private List<Trial> known(int until) {
    return trials.values().stream()
        .filter(trial -> trial.number() < until)
        .sorted(Comparator.comparing(Trial::number))
        .toList();
  }

  /// More configurations than rows can tell apart would only fit them by chance.
  private int mostConfigs() {
    return labels.length < 2_000 ? 40 : labels.length < 10_000 ? 80 : 200;
  }

  private Work begin(int number, Config config) {
    nextNumber = Math.max(nextNumber, number + 1);
    inHand.add(number);
    return new Work(number, config, 0);
  }

  /// Whether there is time for it, as far as its family's others tell.
  private boolean fits(Config config) {
    double usual = usualSeconds.getOrDefault(config.family(), 0.0);
    return usual * 0.5 <= limits.deadline().left();
  }

  private double seconds() {
    return limits.reproducible()
        ? limits.deadline().left()
        : Math.min(limits.deadline().left(), MOST_SHARE * limits.budget());
  }

  private void first(Worker worker, Work work) throws IOException {
    int count = plan.head().folds();
    var all = IntStream.range(0, count).boxed().toList();
    double left = seconds();
    double spent = 0;
    var losses = List.<Double>of();
    var rounds = new ArrayList<Integer>();
    // A network's folds are trained together; others may be given up after the first.
    int ahead = work.config.family() == Family.NETWORK || count == 1 ? count : 1;
    for (int from = 0; from < count; from = from == 0 ? ahead : count) {
      var part = from == 0 ? all.subList(0, ahead) : all.subList(ahead, count);
      double share = from == 0 && ahead < count ? Math.max(left / count * 1.5, 0.5) : left - spent;
      var answer =
          worker.ask(
              new TrialWorker.Order(work.number, work.config, 0, part, Math.min(left, share)));
      spent += answer.seconds();
      if (answer.problem() != null) {
        end(Trial.failed(work.number, work.config, spent, answer.problem()));
        return;
      }
      losses = Trial.concat(losses, answer.losses());
      rounds.addAll(answer.rounds());
      if (from == 0 && ahead < count) {
        // The first one also waited for libraries and encoders; its fit was cut off at its share.
        var why = hopeless(losses.getFirst(), Math.min(answer.seconds(), share) * (count - 1));
        if (why != null) {
          end(Trial.failed(work.number, work.config, spent, why));
          return;
        }
      }
    }
    double[] values = read(work.number, 1);
    var judged = judged(0);
    double value = measure.of(Encoder.pick(labels, judged), values, plan.goal());
    double score = measure.higherIsBetter() ? value : -value;
    synchronized (this) {
      predicted.put(work.number, values);
    }
    end(new Trial(work.number, work.config, 1, losses, rounds, score, value, spent, null));
  }

  /// Whether it is more than nothing.
  private static boolean useful(Trial trial) {
    return trial.done() && trial.config().family() != Family.PRIOR;
  }

  /// Why the other folds are not worth their time; null where they are.
  ///
  /// @param rest seconds that they would take
  private synchronized @Nullable String hopeless(double loss, double rest) {
    if (limits.reproducible()) {
      return null;
    }
    if (ENOUGH * rest > limits.deadline().left()
        && trials.values().stream().anyMatch(Search::useful)) {
      return "no time for its other folds";
    }
    var done = trials.values().stream().filter(Trial::done).toList();
    var prior = done.stream().filter(trial -> trial.config().family() == Family.PRIOR).findFirst();
    if (prior.isEmpty() || done.size() < 8 || rest < 0.02 * limits.budget()) {
      return null;
    }
    double best = done.stream().mapToDouble(trial -> trial.losses().getFirst()).min().orElseThrow();
    double worst = prior.get().losses().getFirst();
    return loss - best > 0.3 * (worst - best) ? "given up after its first fold" : null;
  }

  /// The next member of the ensemble to be fitted on other folds.
  private Optional<Work> again() throws IOException {
    if (labels.length > FEW_ROWS
        || plan.head().ordered()
        || plan.head().folds() < 2
        || plan.head().folds() >= labels.length
        || limits.reproducible()) {
      return Optional.empty();
    }
    var members = members();
    var next =
        members.stream()
            .filter(trial -> !inHand.contains(trial.number()))
            .filter(trial -> trial.repeats() < MOST_REPEATS)
            .filter(trial -> trial.seconds() / trial.repeats() * 1.1 < limits.deadline().left())
            .min(Comparator.comparing(Trial::repeats).thenComparing(Trial::number));
    if (next.isEmpty()) {
      return Optional.empty();
    }
    int repeat = next.get().repeats();
    if (!plan.hasFolds(repeat)) {
      plan.writeFolds(repeat, otherFolds.apply(repeat));
    }
    inHand.add(next.get().number());
    return Optional.of(new Work(next.get().number(), next.get().config(), repeat));
  }

  synchronized List<Trial> members() {
    var chosen = chosen();
    return chosen.keySet().stream().map(trials::get).toList();
  }

  /// The members of the ensemble as of now and their weights, by number.
  synchronized Map<Integer, Double> chosen() {
    var candidates = candidates(ranking());
    var weights =
        Ensemble.weights(
            candidates.stream().map(trial -> predicted.get(trial.number())).toList(),
            Encoder.pick(labels, judgedNow()),
            plan.goal(),
            measure,
            labels.length < FEW_ROWS ? 12 : 4,
            plan.head().seed());
    var chosen = new java.util.LinkedHashMap<Integer, Double>();
    for (int c = 0; c < weights.length; c++) {
      if (weights[c] > 0) {
        chosen.put(candidates.get(c).number(), weights[c]);
      }
    }
    return chosen;
  }

  private int[] judgedNow() {
    try {
      return judged(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The best of each family and the best of all. The prior is none, for to some measures it does
  /// no harm, however much weight it has; but it may be all there is.
  private static List<Trial> candidates(List<Trial> ranking) {
    boolean others =
        ranking.stream().anyMatch(trial -> trial.done() && trial.config().family() != Family.PRIOR);
    var perFamily = new HashMap<Family, Integer>();
    var kept = new ArrayList<Trial>();
    for (var trial : ranking) {
      if (!trial.done() || (others && trial.config().family() == Family.PRIOR)) {
        continue;
      }
      int own = perFamily.merge(trial.config().family(), 1, Integer::sum);
      if (own <= 5 || kept.size() < 25) {
        kept.add(trial);
      }
    }
    return kept;
  }

  private void repeat(Worker worker, Work work) throws IOException {
    var all = IntStream.range(0, plan.head().folds()).boxed().toList();
    var answer =
        worker.ask(
            new TrialWorker.Order(
                work.number, work.config, work.repeat, all, limits.deadline().left()));
    if (answer.problem() != null || limits.deadline().left() < -GRACE_SECONDS) {
      return;
    }
    var values = read(work.number, work.repeat + 1);
    double value = measure.of(Encoder.pick(labels, judged(0)), values, plan.goal());
    synchronized (this) {
      predicted.put(work.number, values);
      var before = trials.get(work.number);
      end(before.repeated(answer.seconds(), measure.higherIsBetter() ? value : -value, value));
    }
  }

  private synchronized void end(Trial trial) throws IOException {
    Plan.writeWhole(
        plan.trial(trial.number()).resolve("trial.json"), Json.MAPPER.writeValueAsBytes(trial));
    trials.put(trial.number(), trial);
    if (trial.done() && trial.repeats() == 1) {
      note(trial);
    }
    told.accept(trial);
    notifyAll();
  }

  private void note(Trial trial) {
    usualSeconds.merge(
        trial.config().family(),
        trial.seconds() / Math.max(1, trial.repeats()),
        (before, now) -> 0.5 * before + 0.5 * now);
  }

  private int[] judged(int repeat) throws IOException {
    return plan.folds(repeat).judging();
  }

  /// A trial's predictions of the rows that judge, in their order.
  private double[] read(int trial, int repeats) throws IOException {
    int outputs = plan.goal().outputs();
    var position = new int[labels.length];
    Arrays.fill(position, -1);
    var judging = judged(0);
    for (int i = 0; i < judging.length; i++) {
      position[judging[i]] = i;
    }
    var sum = new double[judging.length * outputs];
    for (int repeat = 0; repeat < repeats; repeat++) {
      var folds = plan.folds(repeat);
      for (int fold = 0; fold < folds.count(); fold++) {
        var values = Plan.readDoubles(plan.predictions(trial, repeat, fold));
        var rows = folds.valid(fold);
        for (int i = 0; i < rows.length; i++) {
          for (int k = 0; k < outputs; k++) {
            sum[position[rows[i]] * outputs + k] += values[i * outputs + k] / repeats;
          }
        }
      }
    }
    return sum;
  }
}

package dev.pipewright.tune;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tune.History.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A search for good params by ask and tell, for any number of threads.
///
/// ```java
/// var space = SearchSpace.of(Parameter.real("lr", 1e-5, 0.1).inLog());
/// var study = Study.of(StudySpec.of(space, Objective.minimize("loss")).upTo(50));
/// for (var trial = study.ask(); trial.isPresent(); trial = study.ask()) {
///   trial.get().tell(train(trial.get().params()));
/// }
/// ```
///
/// Asked one trial at a time it makes the same trials for the same seed, and it goes on the same
/// after it was restored from what [#toJson] gave.
public final class Study {
  /// Reports closer together than this share of their step say nothing new.
  private static final long FINEST = 1_000;

  private static final Comparator<Entry> BY_NUMBER = Comparator.comparingInt(entry -> entry.number);

  private final StudySpec spec;
  private final History history;

  /// The complete trials that no other one beats, in the order in which they were told.
  private final List<Entry> front = new ArrayList<>();

  /// Whether the sampler has nothing left.
  private boolean exhausted;

  private Study(StudySpec spec) {
    this.spec = spec;
    history = new History(spec);
  }

  public static Study of(StudySpec spec) {
    return new Study(spec);
  }

  /// A study with the trials of an earlier one of the same spec, in the order of their numbers.
  public static Study restore(StudySpec spec, Collection<TrialRecord> trials) {
    var study = new Study(spec);
    for (var trial : trials) {
      if (trial.number() != study.history.entries.size()) {
        throw new IllegalArgumentException("Trial %d is out of order".formatted(trial.number()));
      }
      var entry = study.entry(trial);
      study.history.entries.add(entry);
      if (entry.told != null
          && entry.state == TrialState.COMPLETE
          && entry.origin != TrialRecord.Origin.EARLIER) {
        study.intoFront(entry);
      }
      // one that had left before another was asked for may have been sent back since
      study.history.left = Math.max(study.history.left, Math.max(trial.left(), trial.asked()));
    }
    return study;
  }

  public static Study read(JsonNode json) {
    return restore(
        StudySpec.read(json.path("spec")),
        Json.MAPPER.convertValue(json.path("trials"), new TypeReference<List<TrialRecord>>() {}));
  }

  /// All there is to it; [#read] goes on from there.
  public synchronized ObjectNode toJson() {
    var json = Json.MAPPER.createObjectNode();
    json.set("spec", spec.toJson());
    json.set("trials", Json.MAPPER.valueToTree(trials()));
    return json;
  }

  public StudySpec spec() {
    return spec;
  }

  /// The next trial to run: one that was paused and is among the best of its rung, one that waits,
  /// or a new one. Empty where there is none now; trials that still run may change that, unless the
  /// study has [#ended].
  public synchronized Optional<Trial> ask() {
    var entry = spec.pruner().resume(history);
    if (entry == null) {
      entry = first(TrialState.WAITING);
    }
    if (entry == null && !full()) {
      entry = suggest();
    }
    if (entry == null) {
      return Optional.empty();
    }
    entry.state = TrialState.RUNNING;
    boolean resumed = entry.leftAs > 0 || !entry.losses.isEmpty();
    return Optional.of(new Trial(this, record(entry), resumed, spec.pruner().budget(entry)));
  }

  private @Nullable Entry suggest() {
    int number = history.entries.size();
    var point = spec.sampler().suggest(history, history.random(number));
    exhausted = point == null;
    return point == null ? null : add(TrialRecord.Origin.SAMPLED, point, TrialState.RUNNING);
  }

  private Entry add(TrialRecord.Origin origin, double[] point, TrialState state) {
    var entry = new Entry(history.entries.size(), origin, point, state);
    entry.asked = history.left;
    if (origin != TrialRecord.Origin.EARLIER) {
      entry.bracket = spec.pruner().bracket(history);
    }
    history.entries.add(entry);
    return entry;
  }

  private boolean full() {
    return exhausted
        || spec.maxTrials() != null
            && history.entries.stream()
                    .filter(entry -> entry.origin != TrialRecord.Origin.EARLIER)
                    .count()
                >= spec.maxTrials();
  }

  private @Nullable Entry first(TrialState state) {
    return history.entries.stream().filter(entry -> entry.state == state).findFirst().orElse(null);
  }

  /// Whether no trial runs, waits or can be made any more.
  public synchronized boolean ended() {
    if (first(TrialState.RUNNING) != null || first(TrialState.WAITING) != null || !full()) {
      return false;
    }
    // a paused one may be let past its rung only by asking, so look at a copy
    return first(TrialState.PAUSED) == null
        || spec.pruner().resume(restore(spec, trials()).history) == null;
  }

  /// Puts params in line, to be tried before any others. Active parameters that are missing are
  /// drawn at random; one that depends on another needs that to be given too.
  ///
  /// @throws ProblemException TRIAL_INVALID
  public synchronized TrialRecord enqueue(Map<String, ?> params) {
    var point = spec.space().encodeWanted(params);
    RandomSearch.fill(spec.space(), point, history.random(history.entries.size()));
    return record(add(TrialRecord.Origin.ENQUEUED, point, TrialState.WAITING));
  }

  /// Learns from complete trials of an earlier study, which may have further objectives, and these
  /// in another order. Params that this study's space does not have are left out; a trial with none
  /// that it has is skipped.
  ///
  /// @return how many were taken
  /// @throws ProblemException STUDY_INVALID where the earlier study lacks one of the objectives
  public int addTrials(Study earlier) {
    var theirs = earlier.spec.objectives().stream().map(Objective::name).toList();
    var places =
        spec.objectives().stream()
            .mapToInt(objective -> theirs.indexOf(objective.name()))
            .toArray();
    for (int m = 0; m < places.length; m++) {
      if (places[m] < 0) {
        throw new ProblemException(
            ProblemCode.STUDY_INVALID,
            "The earlier study has no objective '%s'".formatted(spec.objectives().get(m).name()),
            "It has %s.".formatted(String.join(", ", theirs)));
      }
    }
    return addTrials(
        earlier.trials().stream()
            .filter(trial -> trial.state() == TrialState.COMPLETE)
            .map(trial ->
                trial.reaching(
                    IntStream.of(places).mapToObj(place -> trial.values().get(place)).toList()))
            .toList());
  }

  /// As [#addTrials(Study)], of trials that have this study's objectives in its order.
  ///
  /// @return how many were taken
  public synchronized int addTrials(Collection<TrialRecord> earlier) {
    int taken = 0;
    for (var trial : earlier) {
      if (trial.state() != TrialState.COMPLETE
          || trial.values().size() != spec.objectives().size()) {
        continue;
      }
      var point = new double[spec.space().size()];
      for (int i = 0; i < point.length; i++) {
        var axis = spec.space().axis(i);
        var name = axis.parameter.name();
        point[i] =
            trial.params().containsKey(name) ? axis.codeOf(trial.params().get(name)) : Double.NaN;
      }
      if (Arrays.stream(point).allMatch(Double::isNaN)) {
        continue;
      }
      var entry = add(TrialRecord.Origin.EARLIER, point, TrialState.COMPLETE);
      entry.told = losses(trial.values());
      taken++;
    }
    return taken;
  }

  /// Whether a report would say something new: the first at or after a line of a grid that gets
  /// coarser as the trial goes on, or one that reaches the trial's budget. Who reports each of a
  /// million batches and leaves the others out is no burden. The lines are the same for all trials,
  /// whatever each has left out, so that pruners find reports of others at the same step.
  public synchronized boolean isNews(int number, long step) {
    var entry = entry(number);
    if (entry.losses.isEmpty()) {
      return true;
    }
    long last = entry.lastStep();
    // powers of two: a line of the coarser grid is one of the finer
    long apart = Long.highestOneBit(Math.max(1, step / FINEST));
    Long budget = spec.pruner().budget(entry);
    return step > last
        && (Math.floorDiv(step, apart) > Math.floorDiv(last, apart)
            || budget != null && last < budget && step >= budget);
  }

  /// Takes note of the objective on the way.
  ///
  /// @param step how far the trial is, in whatever counts: epochs, rounds, rows
  /// @return what the trial is to do; the study counts on it
  public synchronized Verdict report(int number, long step, double value) {
    var entry = entry(number);
    switch (entry.state) {
      case PAUSED -> {
        return Verdict.PAUSE;
      }
      case COMPLETE, PRUNED, FAILED, WAITING -> {
        return Verdict.STOP;
      }
      case RUNNING -> {}
    }
    entry.losses.put(step, spec.objectives().getFirst().loss(value));
    if (!history.single()) {
      return Verdict.GO_ON;
    }
    var verdict = spec.pruner().judge(history, entry, step);
    switch (verdict) {
      case PAUSE -> leave(entry, TrialState.PAUSED);
      case STOP -> leave(entry, TrialState.PRUNED);
      case GO_ON -> {}
    }
    return verdict;
  }

  /// Keeps what a complete trial had reported on the way and is only known now: others are compared
  /// with it. Of any other trial it is nothing.
  public synchronized void reportLate(int number, long step, double value) {
    var entry = entry(number);
    if (entry.state == TrialState.COMPLETE && history.single()) {
      entry.losses.putIfAbsent(step, spec.objectives().getFirst().loss(value));
    }
  }

  /// Has a paused trial go on to its end, past all rungs: for where none has come there by itself.
  public synchronized void finish(int number) {
    var entry = entry(number);
    mustGoOn(entry, entry.state.ended());
    if (entry.state == TrialState.PAUSED) {
      entry.state = TrialState.RUNNING;
      entry.rung = Rungs.PAST_ALL;
    }
  }

  private void leave(Entry entry, TrialState state) {
    entry.state = state;
    if (entry.leftAs == 0) {
      entry.leftAs = ++history.left;
    } else {
      // what a sampler made of its first leaving is no longer so
      history.forget();
    }
  }

  /// What a trial has reached in the end, one value for each objective. A NaN means that it failed.
  /// The same may be told twice.
  public synchronized void tell(int number, double... values) {
    var entry = entry(number);
    if (values.length != spec.objectives().size()) {
      throw new ProblemException(
          ProblemCode.TRIAL_INVALID,
          "The study has %d objectives, trial %d was told %d values"
              .formatted(spec.objectives().size(), number, values.length),
          "Tell one value for each objective, in their order.");
    }
    var losses = losses(Arrays.stream(values).boxed().toList());
    if (entry.state == TrialState.COMPLETE && Arrays.equals(entry.told, losses)) {
      return;
    }
    mustGoOn(entry, entry.state == TrialState.COMPLETE || entry.state == TrialState.FAILED);
    if (Arrays.stream(values).anyMatch(Double::isNaN)) {
      leave(entry, TrialState.FAILED);
      return;
    }
    entry.told = losses;
    leave(entry, TrialState.COMPLETE);
    intoFront(entry);
  }

  private void intoFront(Entry entry) {
    var told = Objects.requireNonNull(entry.told);
    if (front.stream().noneMatch(other -> Fronts.dominates(other.told, told))) {
      front.removeIf(other -> Fronts.dominates(told, other.told));
      front.add(entry);
    }
  }

  private double[] losses(List<Double> values) {
    var losses = new double[values.size()];
    for (int m = 0; m < losses.length; m++) {
      losses[m] = spec.objectives().get(m).loss(values.get(m));
    }
    return losses;
  }

  /// The trial has come to nothing.
  public synchronized void fail(int number) {
    var entry = entry(number);
    if (entry.state == TrialState.FAILED) {
      return;
    }
    mustGoOn(entry, entry.state.ended());
    leave(entry, TrialState.FAILED);
  }

  /// Nobody runs the trial any more, and it is to be handed out again: from its checkpoint, if
  /// there is one.
  public synchronized void giveBack(int number) {
    var entry = entry(number);
    mustGoOn(entry, entry.state.ended());
    if (entry.state == TrialState.RUNNING) {
      entry.state = TrialState.WAITING;
    }
  }

  /// Somebody runs a trial after all that was given back, before another was handed it.
  public synchronized void takeUp(int number) {
    var entry = entry(number);
    mustGoOn(entry, entry.state.ended());
    if (entry.state == TrialState.WAITING) {
      entry.state = TrialState.RUNNING;
    }
  }

  private static void mustGoOn(Entry entry, boolean ended) {
    if (ended) {
      throw new ProblemException(
          ProblemCode.TRIAL_ENDED,
          "Trial %d is %s".formatted(entry.number, entry.state.name().toLowerCase(Locale.ROOT)));
    }
  }

  /// The best complete trial, or where there is none the best of those that came farthest. Empty
  /// while no trial has shown anything.
  public synchronized Optional<TrialRecord> best() {
    return history.entries.stream()
        .filter(entry -> entry.origin != TrialRecord.Origin.EARLIER && entry.state.teaches())
        .filter(entry -> entry.told != null || !entry.losses.isEmpty())
        .min(History.BEST_FIRST)
        .map(this::record);
  }

  /// The complete trials that no other one beats in every objective.
  public synchronized List<TrialRecord> paretoFront() {
    return front.stream().sorted(BY_NUMBER).map(this::record).toList();
  }

  /// The trial to name where it has to be one: the best, or the first of the front.
  public synchronized Optional<TrialRecord> leading() {
    return history.single() ? best() : front.stream().min(BY_NUMBER).map(this::record);
  }

  /// The volume between the front and a point that is worse in every objective.
  public synchronized double hypervolume(double... reference) {
    return Fronts.hypervolume(
        front.stream().map(entry -> entry.told).toList(),
        losses(Arrays.stream(reference).boxed().toList()));
  }

  /// How much each parameter matters for being among the best trials; the shares add up to 1. Of
  /// one objective; the first where there are several.
  public synchronized Map<String, Double> importance() {
    return Importance.of(history);
  }

  public synchronized List<TrialRecord> trials() {
    return history.entries.stream().map(this::record).toList();
  }

  /// The step up to which a trial is to go before it leaves; null where that is its own affair.
  public synchronized @Nullable Long budget(int number) {
    return spec.pruner().budget(entry(number));
  }

  public synchronized TrialRecord trial(int number) {
    return record(entry(number));
  }

  /// How a trial stands, without what it reported.
  public synchronized Standing standing(int number) {
    var entry = entry(number);
    return new Standing(entry.state, entry.rung, entry.leftAs);
  }

  /// The part of a [TrialRecord] that changes as trials report.
  public record Standing(TrialState state, int rung, int left) {}

  private Entry entry(int number) {
    if (number < 0 || number >= history.entries.size()) {
      throw new ProblemException(
          ProblemCode.TRIAL_NOT_FOUND, "There is no trial %d".formatted(number));
    }
    return history.entries.get(number);
  }

  private Entry entry(TrialRecord trial) {
    var point = spec.space().encode(trial.params(), true);
    var entry = new Entry(trial.number(), trial.origin(), point, trial.state());
    var objective = spec.objectives().getFirst();
    trial.reports().forEach((step, value) -> entry.losses.put(step, objective.loss(value)));
    entry.told = trial.values().isEmpty() ? null : losses(trial.values());
    entry.rung = trial.rung();
    entry.bracket = trial.bracket();
    entry.asked = trial.asked();
    entry.leftAs = trial.left();
    return entry;
  }

  private TrialRecord record(Entry entry) {
    var objective = spec.objectives().getFirst();
    var reports = new TreeMap<Long, Double>();
    entry.losses.forEach((step, loss) -> reports.put(step, objective.value(loss)));
    List<Double> values = List.of();
    if (entry.told != null) {
      var told = entry.told;
      values =
          IntStream.range(0, told.length)
              .mapToObj(m -> spec.objectives().get(m).value(told[m]))
              .toList();
    }
    return new TrialRecord(
        entry.number,
        entry.state,
        entry.origin,
        spec.space().decode(entry.point),
        values,
        reports,
        entry.rung,
        entry.bracket,
        entry.asked,
        entry.leftAs);
  }
}

package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One run of a [Training].
final class Loop implements AutoCloseable {
  /// Rows that validation looks at once, as a multiple of what a step does: it keeps nothing.
  private static final int WIDER = 2;

  private static final String VALIDATION_LOSS = "validation-loss";

  private final Training training;
  private final Examples train;
  private final @Nullable Examples validation;
  private final Journal journal;
  private final List<Measure> measures;
  private final String watched;
  private final boolean higher;
  private final NDManager manager;
  private final Weights weights;
  private final @Nullable ExecutorService threads;
  private final int rowsAStep;
  private final int stepsAnEpoch;
  private final Throughput throughput;
  private Checkpoint.Position at;
  private Map<String, SafeTensors.Tensor> best = Map.of();
  private long begun;

  Loop(Training training, Examples train, @Nullable Examples validation, Journal journal) {
    this.training = training;
    this.train = train;
    this.validation = validation == null || validation.size() == 0 ? null : validation;
    this.journal = journal;
    var wanted = training.measures;
    measures = new ArrayList<>(List.of(Measure.loss()));
    measures.addAll(wanted);
    higher = this.validation != null && !wanted.isEmpty() && wanted.getFirst().higherIsBetter();
    watched =
        this.validation == null
            ? "train-loss"
            : "validation-" + (wanted.isEmpty() ? "loss" : wanted.getFirst().name());
    rowsAStep = Math.multiplyExact(training.batch, training.accumulate);
    stepsAnEpoch = cuts(train.size(), rowsAStep).length - 1;
    throughput = new Throughput(journal, train.unit());
    manager = Torch.manager();
    Torch.record(false);
    Torch.seed(training.seed);
    var devices = training.devices.isEmpty() ? Torch.devices() : training.devices;
    if (!training.block.isInitialized()) {
      training.block.initialize(manager, DataType.FLOAT32, training.inputs);
    }
    weights =
        new Weights(manager, training.block, training.start.waits(), devices, training.precision);
    if (!training.start.weights().isEmpty()) {
      var fresh = weights.takeOver(training.start.weights());
      journal.line(
          fresh.isEmpty()
              ? "Beginning with the saved weights"
              : "Beginning with the saved weights; new are " + String.join(", ", fresh));
    }
    weights.begin(training.optimizer);
    threads = devices.size() == 1 ? null : Executors.newFixedThreadPool(devices.size());
    at = start(training.rate);
  }

  private Checkpoint.Position start(double rate) {
    return new Checkpoint.Position(
        0,
        0,
        0,
        0,
        0,
        rate,
        0,
        -1,
        higher ? -1 / 0.0 : 1 / 0.0,
        LossScale.of(training.precision),
        new long[2],
        List.of());
  }

  Training.Result run() throws IOException {
    resume();
    if (at.step() == 0 && training.findRate) {
      at = start(new RateFinder(this, journal).find());
    }
    begun = System.nanoTime() - at.millis() * 1_000_000;
    boolean over = at.epoch() >= training.epochs || outOfPatience();
    while (!over) {
      if (at.epoch() >= training.start.until()) {
        weights.thaw(training.start.scale());
      }
      if (!epoch() || !judge()) {
        checkpoint();
        journal.line(
            "Stopped as asked after step %d%s"
                .formatted(
                    at.step(),
                    training.checkpoints == null ? "" : "; the next attempt goes on from there"));
        return result(false);
      }
      over = at.epoch() >= training.epochs || outOfPatience() || outOfTime();
      checkpoint();
    }
    weights.restore(best);
    return result(true);
  }

  private void resume() throws IOException {
    if (training.checkpoints == null) {
      return;
    }
    var found = Checkpoint.read(training.checkpoints, training.settings);
    if (found.isEmpty()) {
      return;
    }
    var checkpoint = found.get();
    at = checkpoint.position();
    best = checkpoint.best();
    weights.restore(checkpoint.now());
    weights.restoreMemory(checkpoint.memory(), at.counts());
    journal.line("Going on after step %d, in epoch %d".formatted(at.step(), at.epoch() + 1));
  }

  /// @return false when it was cancelled
  private boolean epoch() throws IOException {
    var order = Order.shuffled(train.size(), training.seed, at.epoch());
    var cuts = cuts(order.length, rowsAStep);
    long checkpointed = at.step();
    long checkpointedAt = System.nanoTime();
    throughput.begin();
    while (at.batch() < stepsAnEpoch && !(at.batch() > 0 && outOfTime())) {
      if (journal.cancelled()) {
        return false;
      }
      int from = cuts[at.batch()];
      int to = cuts[at.batch() + 1];
      double rate = at.rate() * share(at.step());
      var learned = learn(Arrays.copyOfRange(order, from, to), at.step());
      if (learned.isEmpty()) {
        return false;
      }
      double loss = learned.getAsDouble();
      double norm = weights.step(training.optimizer, rate, training.decay, training.clip, scale());
      boolean finite = Double.isFinite(norm);
      if (finite || !Double.isFinite(loss) || !at.scale().canFall()) {
        checkFinite(loss, norm, rate);
      }
      journal.metric("loss", at.step(), loss);
      journal.metric("learning-rate", at.step(), rate);
      if (finite) {
        journal.metric("gradient-norm", at.step(), norm);
      }
      throughput.learned((long) (to - from) * train.weight(), at.step());
      at =
          new Checkpoint.Position(
              at.epoch(),
              at.batch() + 1,
              at.step() + 1,
              at.lossSum() + loss * (to - from),
              at.rows() + to - from,
              at.rate(),
              millis(),
              at.bestEpoch(),
              at.bestScore(),
              at.scale().after(finite),
              weights.counts(),
              at.epochs());
      long now = System.nanoTime();
      if (now - checkpointedAt >= training.checkpointWithin.toNanos()
          || (training.checkpointEvery > 0
              && at.step() - checkpointed >= training.checkpointEvery)) {
        checkpoint();
        checkpointed = at.step();
        checkpointedAt = now;
      }
    }
    throughput.end(at.step());
    return true;
  }

  private double share(long step) {
    return training.schedule.at(step, (long) stepsAnEpoch * training.epochs, training.warmup);
  }

  /// Where parts of so many rows begin, and where the last one ends. A single row that would be
  /// left joins the part before: a batch norm learns nothing from one row.
  private int[] cuts(int rows, int size) {
    boolean joins = training.batch > 1 && rows > size && rows % size == 1;
    int parts = (rows + size - 1) / size - (joins ? 1 : 0);
    var cuts = new int[parts + 1];
    for (int i = 0; i < parts; i++) {
      cuts[i] = i * size;
    }
    cuts[parts] = rows;
    return cuts;
  }

  /// Adds the gradients of these examples.
  ///
  /// @return the mean loss; nothing when it was cancelled, as if it had not begun
  OptionalDouble learn(int[] places, long step) {
    double loss = 0;
    var cuts = cuts(places.length, training.batch);
    var before = cuts.length > 2 ? weights.running() : Map.<String, SafeTensors.Tensor>of();
    for (int i = 0; i + 1 < cuts.length; i++) {
      if (i > 0 && journal.cancelled()) {
        weights.restoreRunning(before);
        return OptionalDouble.empty();
      }
      var part = Arrays.copyOfRange(places, cuts[i], cuts[i + 1]);
      Torch.seed(Order.mixed(training.seed, step * training.accumulate + i));
      loss +=
          threads == null
              ? back(weights.replicas().getFirst(), part, places.length)
              : spread(part, places.length, threads);
    }
    return OptionalDouble.of(loss);
  }

  /// Each device gets two rows at least, as long as there are two.
  private double spread(int[] places, int all, ExecutorService threads) {
    int devices = Math.clamp(places.length / 2, 1, weights.replicas().size());
    var replicas = weights.replicas().subList(0, devices);
    var parts = new ArrayList<Future<Double>>();
    for (int i = 0; i < replicas.size(); i++) {
      int from = (int) ((long) places.length * i / replicas.size());
      int to = (int) ((long) places.length * (i + 1) / replicas.size());
      var replica = replicas.get(i);
      parts.add(threads.submit(() -> back(replica, Arrays.copyOfRange(places, from, to), all)));
    }
    double loss = 0;
    for (var part : parts) {
      try {
        loss += part.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("a device could not do its part", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while learning", e);
      }
    }
    return loss;
  }

  /// @return the examples' part of the mean loss of all
  private double back(Weights.Replica replica, int[] places, int all) {
    double share = (double) places.length / all;
    Torch.record(true);
    try (var scope = manager.newSubManager(replica.device())) {
      var batch = train.batch(scope, places);
      var outputs = forward(replica, batch, scope, true);
      var loss = training.objective.of(outputs, batch.labels());
      double factor = share * scale();
      Torch.backward(factor == 1 ? loss : Torch.times(loss, factor));
      return share * loss.getFloat();
    } finally {
      Torch.record(false);
    }
  }

  /// In the precision asked for; what comes out is exact again, as far as it can be.
  private NDList forward(
      Weights.Replica replica, Examples.Batch batch, NDManager scope, boolean learning) {
    if (training.precision == DataType.FLOAT32) {
      return training.block.forward(replica, batch.inputs(), learning);
    }
    var inputs = new NDList(batch.inputs().size());
    batch
        .inputs()
        .forEach(array ->
            inputs.add(
                array.getDataType() == DataType.FLOAT32
                    ? array.toType(training.precision, false)
                    : array));
    var outputs = new NDList();
    // A cast would cut the gradients' way back; a product with an exact one does not.
    var one = scope.ones(new Shape(1));
    training.block.forward(replica, inputs, learning).forEach(array -> outputs.add(array.mul(one)));
    return outputs;
  }

  double scale() {
    return at.scale().factor();
  }

  private void checkFinite(double loss, double norm, double rate) {
    if (Double.isFinite(loss) && Double.isFinite(norm)) {
      return;
    }
    throw new ProblemException(
        ProblemCode.TRAINING_DIVERGED,
        "at step %d, in epoch %d, the %s is %s"
            .formatted(
                at.step(),
                at.epoch() + 1,
                Double.isFinite(loss) ? "gradients' norm" : "loss",
                Double.isFinite(loss) ? norm : loss),
        at.step() == 0
            ? "It is so at the first step: look for values in the data that are far too large or not numbers."
            : String.format(
                Locale.ROOT,
                "Lower learningRate (it was %.3g there)%s, or look for values in the data that are far too large.",
                rate,
                training.clip > 0 ? "" : ", set clip to 1"));
  }

  /// Measures and keeps the epoch that has ended.
  ///
  /// @return false when it was cancelled
  private boolean judge() {
    var values = new LinkedHashMap<String, Double>();
    values.put("train-loss", at.lossSum() / at.rows());
    if (validation != null) {
      var measured = measure(validation);
      if (measured.isEmpty()) {
        return false;
      }
      measured.forEach((name, value) -> values.put("validation-" + name, value));
    }
    values.forEach((name, value) -> journal.metric(name, at.epoch(), value));
    double score = values.get(watched);
    boolean better = better(score, values);
    if (better) {
      best = weights.copy();
    }
    var epochs = new ArrayList<>(at.epochs());
    epochs.add(new Training.Epoch(at.epoch(), at.step(), values));
    journal.line(
        "Epoch %d of %d, step %d: %s%s"
            .formatted(
                at.epoch() + 1, training.epochs, at.step(), line(values), better ? " *" : ""));
    at =
        new Checkpoint.Position(
            at.epoch() + 1,
            0,
            at.step(),
            0,
            0,
            at.rate(),
            millis(),
            better ? at.epoch() : at.bestEpoch(),
            better ? score : at.bestScore(),
            at.scale(),
            weights.counts(),
            epochs);
    return true;
  }

  /// Of equal scores, as of small sets that are all found right, the one with the lower loss.
  private boolean better(double score, Map<String, Double> values) {
    if (at.bestEpoch() < 0) {
      return true;
    }
    if (score == at.bestScore() && validation != null) {
      var before = at.epochs().get(at.bestEpoch()).measures();
      return values.get(VALIDATION_LOSS) < before.get(VALIDATION_LOSS);
    }
    return higher ? score > at.bestScore() : score < at.bestScore();
  }

  private static String line(Map<String, Double> values) {
    return values.entrySet().stream()
        .map(each -> String.format(Locale.ROOT, "%s %.4f", each.getKey(), each.getValue()))
        .collect(Collectors.joining(", "));
  }

  /// All measures over some examples, by name; nothing when it was cancelled.
  private Map<String, Double> measure(Examples examples) {
    var running = measures.stream().map(Measure::begin).toList();
    var first = weights.replicas().getFirst();
    int rows = training.batch * WIDER;
    for (int from = 0; from < examples.size(); from += rows) {
      if (journal.cancelled()) {
        return Map.of();
      }
      var places = new int[Math.min(rows, examples.size() - from)];
      for (int i = 0; i < places.length; i++) {
        places[i] = from + i;
      }
      try (var scope = manager.newSubManager(first.device())) {
        var batch = examples.batch(scope, places);
        var outputs = forward(first, batch, scope, false);
        double loss =
            training
                .objective
                .of(outputs, batch.labels())
                .toType(DataType.FLOAT32, false)
                .getFloat();
        running.forEach(each -> each.add(outputs, batch.labels(), loss));
      }
    }
    var values = new LinkedHashMap<String, Double>();
    for (int i = 0; i < measures.size(); i++) {
      values.put(measures.get(i).name(), running.get(i).value());
    }
    return values;
  }

  private boolean outOfPatience() {
    return training.patience > 0
        && at.bestEpoch() >= 0
        && at.epoch() - 1 - at.bestEpoch() >= training.patience;
  }

  private boolean outOfTime() {
    return training.budget != null && millis() >= training.budget.toMillis();
  }

  private long millis() {
    return (System.nanoTime() - begun) / 1_000_000;
  }

  private void checkpoint() throws IOException {
    if (training.checkpoints != null) {
      new Checkpoint(training.settings, at, weights.copy(), weights.memory(), best)
          .write(training.checkpoints);
    }
  }

  private Training.Result result(boolean finished) {
    return new Training.Result(
        finished,
        at.bestEpoch(),
        watched,
        at.bestScore(),
        at.step(),
        at.rate(),
        at.epochs(),
        weights.named());
  }

  Weights weights() {
    return weights;
  }

  Training training() {
    return training;
  }

  int rows() {
    return train.size();
  }

  @Override
  public void close() {
    if (threads != null) {
      threads.close();
    }
    weights.release(manager.getParentManager());
    manager.close();
  }
}

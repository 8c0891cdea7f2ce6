package dev.pipewright.deep;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Trains a [Block], one's own or a built-in one:
///
/// ```java
/// var result = Training.of(block, new Shape(1, 4)).objective(Objective.crossEntropy()).epochs(20)
///     .fit(train, validation, Journal.of(context));
/// ```
///
/// The same seed, data and number of native threads give the same curve, also over an interruption:
/// with [#checkpoints] a training that was stopped or killed goes on where its last checkpoint
/// stands.
public final class Training {
  final Block block;
  final Shape[] inputs;
  Objective objective = Objective.crossEntropy();
  List<Measure> measures = List.of();
  int epochs = 10;
  int batch = 64;
  int accumulate = 1;
  double rate = 1e-3;
  double decay = 0.01;
  double clip = 1;
  double warmup = 0.05;
  Optimizer optimizer = Optimizer.ADAMW;
  Schedule schedule = Schedule.COSINE;
  int patience = 5;
  long seed = 42;
  @Nullable Duration budget;
  DataType precision = DataType.FLOAT32;
  List<Device> devices = List.of();
  @Nullable Path checkpoints;
  int checkpointEvery;
  Duration checkpointWithin = Duration.ofMinutes(5);
  String settings = "";
  boolean findRate;
  Start start = Start.FRESH;

  /// Where the weights come from.
  ///
  /// @param weights by name; empty for the block's own initial ones
  /// @param waits which of them, by name, learn only later
  /// @param until the epoch in which they begin to; as many as there are for never
  /// @param scale their learning rate then, as a share of the others'
  record Start(
      Map<String, SafeTensors.Tensor> weights, Predicate<String> waits, int until, double scale) {
    static final Start FRESH = new Start(Map.of(), _ -> false, 0, 1);
  }

  private Training(Block block, Shape... inputs) {
    this.block = block;
    this.inputs = inputs.clone();
  }

  /// @param inputs the shapes of what the block is given, such as `(1, 4)` for rows of four
  ///   numbers; the first side, the rows, can be any
  public static Training of(Block block, Shape... inputs) {
    return new Training(block, inputs);
  }

  public Training objective(Objective objective) {
    this.objective = objective;
    return this;
  }

  /// What is measured on the validation examples. The first chooses the best epoch; without any it
  /// is the loss.
  public Training measures(Measure... measures) {
    this.measures = List.of(measures);
    return this;
  }

  public Training epochs(int epochs) {
    this.epochs = epochs;
    return this;
  }

  /// How many examples go through the block at once.
  public Training batch(int batch) {
    this.batch = batch;
    return this;
  }

  /// How many batches come together in one step.
  public Training accumulate(int batches) {
    accumulate = batches;
    return this;
  }

  public Training optimizer(Optimizer optimizer) {
    this.optimizer = optimizer;
    return this;
  }

  /// The highest learning rate.
  public Training learningRate(double rate) {
    this.rate = rate;
    return this;
  }

  /// Looks for the learning rate first, instead.
  public Training findLearningRate() {
    findRate = true;
    return this;
  }

  /// @param warmup the share of the steps in which the rate rises
  public Training schedule(Schedule schedule, double warmup) {
    this.schedule = schedule;
    this.warmup = warmup;
    return this;
  }

  public Training weightDecay(double decay) {
    this.decay = decay;
    return this;
  }

  /// The largest norm of a gradient; 0 for any.
  public Training clip(double norm) {
    clip = norm;
    return this;
  }

  /// Ends after so many epochs that were no better than the best; 0 for never.
  public Training earlyStopping(int epochs) {
    patience = epochs;
    return this;
  }

  public Training seed(long seed) {
    this.seed = seed;
    return this;
  }

  /// Ends after the step in which so long was learned, over all attempts.
  public Training budget(Duration budget) {
    this.budget = budget;
    return this;
  }

  /// What the block computes with: `FLOAT16` takes half of the memory, and on GPUs made for it less
  /// time. The weights stay exact, and losses are scaled. Not for blocks with a batch norm or an
  /// LSTM or GRU of DJL's, which want exact numbers.
  public Training precision(DataType precision) {
    this.precision = precision;
    return this;
  }

  /// Each batch is split over them. All GPUs that there are by default, else the processor.
  public Training devices(List<Device> devices) {
    this.devices = List.copyOf(devices);
    return this;
  }

  /// Writes a checkpoint at the end of an epoch, after so many steps or five minutes, and when it
  /// is cancelled; and goes on from the one that is there.
  ///
  /// @param folder such as a task's checkpoints
  /// @param every steps; 0 for however many
  public Training checkpoints(Path folder, int every) {
    checkpoints = folder;
    checkpointEvery = every;
    return this;
  }

  /// How long learning may go on without a checkpoint.
  Training checkpointWithin(Duration time) {
    checkpointWithin = time;
    return this;
  }

  /// What a checkpoint must have been made with to be gone on from.
  Training settings(String settings) {
    this.settings = settings;
    return this;
  }

  /// Begins with saved weights: those of the same name and shape are taken over, the others are as
  /// they would have been.
  ///
  /// @param weights a file of [Result#save], or the `weights.safetensors` of a model
  public Training from(Path weights) throws IOException {
    return from(SafeTensors.read(weights).tensors());
  }

  Training from(Map<String, SafeTensors.Tensor> weights) {
    start = new Start(weights, start.waits(), start.until(), start.scale());
    return this;
  }

  /// Keeps some parameters as they are for some epochs.
  ///
  /// @param names which, by name, such as `name -> !name.startsWith("05")`
  /// @param epochs how long; as many as there are for always
  /// @param scale their learning rate afterwards, as a share of the others'
  public Training freeze(Predicate<String> names, int epochs, double scale) {
    start = new Start(start.weights(), names, epochs, scale);
    return this;
  }

  /// Learns until the epochs or the budget are over, nothing gets better any more or the journal
  /// says to stop. The block then has the weights of the best epoch.
  ///
  /// @param validation examples to judge by; null to judge by the training loss
  /// @throws dev.pipewright.contract.ProblemException TRAINING_DIVERGED when the loss is not a
  ///   number any more
  public Result fit(Examples train, @Nullable Examples validation, Journal journal)
      throws IOException {
    try (var loop = new Loop(this, train, validation, journal)) {
      return loop.run();
    }
  }

  /// One epoch.
  ///
  /// @param measures by name, such as `train-loss` and `validation-accuracy`
  public record Epoch(int epoch, long step, Map<String, Double> measures) {}

  /// How a training ended.
  ///
  /// @param finished false when it was cancelled; it can go on from its checkpoint
  /// @param metric what chose the best epoch
  /// @param weights of the best epoch, by name
  public record Result(
      boolean finished,
      int bestEpoch,
      String metric,
      double bestScore,
      long steps,
      double learningRate,
      List<Epoch> epochs,
      Map<String, SafeTensors.Tensor> weights) {
    /// Writes the weights into a file in the safetensors format, which Python reads too.
    public void save(Path file) throws IOException {
      new SafeTensors(weights, Map.of("format", "pt")).write(file);
    }
  }
}

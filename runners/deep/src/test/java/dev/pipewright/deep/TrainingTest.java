package dev.pipewright.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TrainingTest {
  private static final Blobs TRAIN = Blobs.of(300, 1);
  private static final Blobs VALIDATION = Blobs.of(200, 2);

  @TempDir Path folder;

  /// What a training said, and a point at which it is cancelled.
  private static final class Notes implements Journal {
    final TreeMap<String, TreeMap<Long, Double>> metrics = new TreeMap<>();
    final List<String> lines = new ArrayList<>();
    int asked;
    int patience = Integer.MAX_VALUE;

    @Override
    public void metric(String key, long step, double value) {
      metrics.computeIfAbsent(key, _ -> new TreeMap<>()).put(step, value);
    }

    @Override
    public void line(String text) {
      lines.add(text);
    }

    @Override
    public boolean cancelled() {
      return asked++ >= patience;
    }
  }

  private static Training training(Block block) {
    return Training.of(block, Blobs.INPUT)
        .measures(Measure.accuracy())
        .learningRate(0.01)
        .batch(32)
        .epochs(6)
        .seed(7);
  }

  /// Memory that Java frees by itself, at some time after its last use: what DJL makes arrays of.
  private static final class Direct {
    static final BufferPoolMXBean BUFFERS =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();

    static boolean freedTo(long most) {
      System.gc();
      return BUFFERS.getCount() <= most;
    }
  }

  /// What was kept for the way back must still be there after the garbage of the way there is gone.
  @Test
  void aFactorOutlivesTheGarbageCollector() {
    long before = Direct.BUFFERS.getCount();
    try (var manager = Torch.manager()) {
      var x = manager.create(new float[] {1, 2});
      x.setRequiresGradient(true);
      Torch.record(true);
      try {
        var y = manager.zeros(new Shape(2));
        for (int i = 0; i < 100; i++) {
          y = y.add(Torch.times(x, 3));
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> Direct.freedTo(before + 2));
        var over = new ArrayList<ByteBuffer>();
        for (int i = 0; i < 10_000; i++) {
          over.add(ByteBuffer.allocateDirect(4).putInt(0, 0x7f7f7f7f));
        }
        Torch.backward(y.sum());
        assertThat(over).hasSize(10_000);
      } finally {
        Torch.record(false);
      }
      assertThat(Torch.gradient(x).toFloatArray()).containsExactly(300, 300);
    }
  }

  @ParameterizedTest
  @EnumSource(Optimizer.class)
  void itLearns(Optimizer optimizer) throws IOException {
    var notes = new Notes();
    var result = training(Blobs.block()).optimizer(optimizer).fit(TRAIN, VALIDATION, notes);
    assertThat(result.finished()).isTrue();
    assertThat(result.metric()).isEqualTo("validation-accuracy");
    assertThat(result.bestScore()).isGreaterThan(0.85);
    assertThat(notes.metrics)
        .containsKeys(
            "loss",
            "learning-rate",
            "gradient-norm",
            "rows-per-second",
            "train-loss",
            "validation-loss");
    assertThat(notes.metrics.get("loss")).hasSize((int) result.steps());
  }

  @Test
  void theSameSeedGivesTheSameCurve() throws IOException {
    assertThat(curve(training(Blobs.block()), Integer.MAX_VALUE))
        .isEqualTo(curve(training(Blobs.block()), Integer.MAX_VALUE));
    assertThat(curve(training(Blobs.block()).seed(8), Integer.MAX_VALUE))
        .isNotEqualTo(curve(training(Blobs.block()), Integer.MAX_VALUE));
  }

  private static TreeMap<Long, Double> curve(Training training, int patience) throws IOException {
    var notes = new Notes();
    notes.patience = patience;
    var unused = training.fit(TRAIN, VALIDATION, notes);
    return notes.metrics.get("loss");
  }

  /// Ten steps an epoch and four looks of validation's, so it is stopped in the middle of an epoch,
  /// in its first step, at its last and during validation.
  @Test
  void whereverItIsStoppedItGoesOnAsIfItHadNotBeen() throws IOException {
    var whole = new Notes();
    var expected = training(Blobs.block()).fit(TRAIN, VALIDATION, whole);
    for (int patience : new int[] {0, 1, 5, 9, 10, 12, 17, 33, 60}) {
      var checkpoints = folder.resolve("at-" + patience);
      var curve = new TreeMap<Long, Double>();
      var epochs = new TreeMap<Long, Double>();
      Training.Result result;
      do {
        var notes = new Notes();
        notes.patience = Math.max(1, patience);
        result = training(Blobs.block()).checkpoints(checkpoints, 0).fit(TRAIN, VALIDATION, notes);
        curve.putAll(notes.metrics.getOrDefault("loss", new TreeMap<>()));
        epochs.putAll(notes.metrics.getOrDefault("validation-loss", new TreeMap<>()));
        patience = patience < 5 ? 7 : patience;
      } while (!result.finished());
      assertClose(curve, whole.metrics.get("loss"));
      assertClose(epochs, whole.metrics.get("validation-loss"));
      assertThat(result.bestScore()).isEqualTo(expected.bestScore());
      assertThat(result.weights().keySet()).isEqualTo(expected.weights().keySet());
    }
  }

  private static void assertClose(TreeMap<Long, Double> one, TreeMap<Long, Double> other) {
    assertThat(one.keySet()).isEqualTo(other.keySet());
    one.forEach((step, value) ->
        assertThat(value).as("step %d", step).isCloseTo(other.get(step), within(1e-6)));
  }

  /// By steps, and by time.
  @ParameterizedTest
  @CsvSource({"3, 300, 13", "0, 0, 14"})
  void whatWasKilledGoesOnFromItsLastCheckpoint(int every, int seconds, long step)
      throws IOException {
    var whole = curve(training(Blobs.block()), Integer.MAX_VALUE);
    var killed =
        new Journal() {
          @Override
          public void metric(String key, long step, double value) {
            if (step == 14) {
              throw new IllegalStateException("killed");
            }
          }

          @Override
          public void line(String text) {}

          @Override
          public boolean cancelled() {
            return false;
          }
        };
    assertThatThrownBy(() ->
            training(Blobs.block())
                .checkpoints(folder, every)
                .checkpointWithin(Duration.ofSeconds(seconds))
                .fit(TRAIN, VALIDATION, killed))
        .hasMessage("killed");
    var notes = new Notes();
    var unused = training(Blobs.block()).checkpoints(folder, every).fit(TRAIN, VALIDATION, notes);
    assertThat(notes.lines.getFirst())
        .isEqualTo("Going on after step %d, in epoch 2".formatted(step));
    assertClose(notes.metrics.get("loss"), new TreeMap<>(whole.tailMap(step)));
  }

  @Test
  void aCheckpointOfAnotherTrainingOrACutOffOneIsLeft() throws IOException {
    var first = training(Blobs.block()).settings("a").checkpoints(folder, 0);
    var unused = first.fit(TRAIN, VALIDATION, Journal.none());
    var notes = new Notes();
    unused =
        training(Blobs.block()).settings("b").checkpoints(folder, 0).fit(TRAIN, VALIDATION, notes);
    assertThat(notes.metrics.get("loss").firstKey()).isZero();
    var file = folder.resolve(Checkpoint.FILE);
    var bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    notes = new Notes();
    unused =
        training(Blobs.block()).settings("b").checkpoints(folder, 0).fit(TRAIN, VALIDATION, notes);
    assertThat(notes.metrics.get("loss").firstKey()).isZero();
  }

  /// A row that is left over joins the others, on one device and on several.
  @ParameterizedTest
  @CsvSource({
    // rows, accumulate, steps of an epoch
    "33, 1, 1",
    "34, 1, 2",
    "64, 1, 2",
    "65, 1, 2",
    "65, 2, 1",
    "97, 2, 2",
    "129, 2, 2",
    "33, 4, 1",
  })
  void noBatchIsASingleRow(int rows, int accumulate, int steps) throws IOException {
    for (int devices : new int[] {1, 3}) {
      var notes = new Notes();
      var result =
          training(Blobs.block())
              .epochs(2)
              .accumulate(accumulate)
              .devices(Collections.nCopies(devices, Device.cpu()))
              .fit(Blobs.of(rows, 1), VALIDATION, notes);
      assertThat(result.finished()).isTrue();
      assertThat(result.steps()).isEqualTo(2L * steps);
    }
  }

  @Test
  void aStepOfManyBatchesIsStoppedBetweenThemAndTakenAnewAsAWhole() throws IOException {
    var whole = new Notes();
    var expected = many().fit(TRAIN, VALIDATION, whole);
    var curve = new TreeMap<Long, Double>();
    int stopped = 0;
    Training.Result result;
    do {
      var notes = new Notes();
      // Within the first step asked for, within the second, and so on.
      notes.patience = 3 + stopped * 5;
      result = many().checkpoints(folder, 0).fit(TRAIN, VALIDATION, notes);
      curve.putAll(notes.metrics.getOrDefault("loss", new TreeMap<>()));
      stopped++;
    } while (!result.finished());
    assertThat(stopped).isGreaterThan(2);
    assertThat(curve).isEqualTo(whole.metrics.get("loss"));
    assertThat(result.weights().keySet()).isEqualTo(expected.weights().keySet());
    var weights = result.weights();
    expected
        .weights()
        .forEach((name, tensor) ->
            assertThat(weights.get(name).data()).as(name).isEqualTo(tensor.data()));
  }

  private static Training many() {
    return training(Blobs.block()).batch(8).accumulate(10).epochs(4);
  }

  @Test
  void weightsThatNoCopyCanBeMadeOfAreRefused() {
    Weights.requireRoom(536_870_911);
    assertThatThrownBy(() -> Weights.requireRoom(536_870_912))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(
            "INPUT_INVALID: the network has 536,870,912 weights; there can be 536,870,911");
  }

  @Test
  void batchesThatComeTogetherAreOneLargeOne() throws IOException {
    var block = new SequentialBlock().add(Linear.builder().setUnits(3).build());
    var one = curve(training(block).batch(32), Integer.MAX_VALUE);
    var other =
        curve(
            training(new SequentialBlock().add(Linear.builder().setUnits(3).build()))
                .batch(8)
                .accumulate(4),
            Integer.MAX_VALUE);
    assertClose(other, one);
  }

  @Test
  void severalDevicesLearnWhatOneDoes() throws IOException {
    var one = curve(training(plain()), Integer.MAX_VALUE);
    var three =
        curve(
            training(plain()).devices(List.of(Device.cpu(), Device.cpu(), Device.cpu())),
            Integer.MAX_VALUE);
    assertThat(three.keySet()).isEqualTo(one.keySet());
    three.forEach((step, value) -> assertThat(value).isCloseTo(one.get(step), within(1e-4)));
  }

  private static Block plain() {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(16).build())
        .add(array -> new NDList(array.singletonOrThrow().tanh()))
        .add(Linear.builder().setUnits(3).build());
  }

  @Test
  void halfOfThePrecisionLearnsTooAndResumesToo() throws IOException {
    var notes = new Notes();
    var result = training(plain()).precision(DataType.FLOAT16).fit(TRAIN, VALIDATION, notes);
    assertThat(result.bestScore()).isGreaterThan(0.85);
    var exact = curve(training(plain()), Integer.MAX_VALUE);
    var half = notes.metrics.get("loss");
    assertThat(half).isNotEqualTo(exact);
    half.forEach((step, value) -> assertThat(value).isCloseTo(exact.get(step), within(0.02)));
    var parts = new TreeMap<Long, Double>();
    for (int patience : new int[] {13, 1_000}) {
      var part = new Notes();
      part.patience = patience;
      var unused =
          training(plain())
              .precision(DataType.FLOAT16)
              .checkpoints(folder, 0)
              .fit(TRAIN, VALIDATION, part);
      parts.putAll(part.metrics.get("loss"));
    }
    assertClose(parts, half);
  }

  /// The first inputs are so large that scaled gradients do not fit into 16 bits.
  @Test
  void aStepWhoseGradientsAreTooLargeForHalfIsLeftOut() throws IOException {
    var large = new Blobs(TRAIN.points().clone(), TRAIN.classes());
    for (int i = 0; i < large.points().length; i++) {
      large.points()[i] = new float[] {large.points()[i][0] * 300, large.points()[i][1] * 300};
    }
    var notes = new Notes();
    var result =
        training(new SequentialBlock().add(Linear.builder().setUnits(3).build()))
            .precision(DataType.FLOAT16)
            .fit(large, null, notes);
    assertThat(result.finished()).isTrue();
    assertThat(notes.metrics.get("gradient-norm"))
        .hasSizeLessThan(notes.metrics.get("loss").size());
  }

  @Test
  void theBlockEndsWithTheBestWeights() throws IOException {
    var block = plain();
    var result = training(block).fit(TRAIN, VALIDATION, Journal.none());
    try (var manager = Torch.manager()) {
      var batch = VALIDATION.batch(manager, Order.shuffled(VALIDATION.size(), 1, 1));
      var outputs =
          block.forward(new ai.djl.training.ParameterStore(manager, false), batch.inputs(), false);
      double right =
          outputs
              .head()
              .argMax(1)
              .eq(batch.labels().head())
              .toType(DataType.INT64, false)
              .sum()
              .getLong();
      assertThat(right / VALIDATION.size()).isEqualTo(result.bestScore());
    }
  }

  @Test
  void itStopsEarlyAndSaysWhichEpochWasTheBest() throws IOException {
    var result =
        training(plain())
            .epochs(500)
            .schedule(Schedule.CONSTANT, 0)
            .earlyStopping(3)
            .fit(TRAIN, VALIDATION, Journal.none());
    assertThat(result.epochs()).hasSize(result.bestEpoch() + 4);
    assertThat(result.epochs().size()).isLessThan(400);
  }

  @Test
  void aLossThatIsNoNumberSaysWhereAndWhatToDo() {
    var broken = new Blobs(TRAIN.points().clone(), TRAIN.classes());
    broken.points()[17] = new float[] {Float.NaN, 0};
    assertThatThrownBy(() -> training(plain()).fit(broken, VALIDATION, Journal.none()))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> {
              assertThat(e.problem().code()).isEqualTo("TRAINING_DIVERGED");
              assertThat(e.problem().detail())
                  .contains("the loss is NaN")
                  .containsPattern("at step \\d");
              assertThat(e.problem().remedy()).contains("data");
            });
  }

  @Test
  void aLearningRateIsFoundThatLearnsWell() throws IOException {
    var notes = new Notes();
    var result =
        training(plain()).learningRate(1e-9).findLearningRate().fit(TRAIN, VALIDATION, notes);
    assertThat(result.learningRate()).isBetween(1e-4, 1.0);
    assertThat(result.bestScore()).isGreaterThan(0.85);
  }
}

package dev.pipewright.client.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Dataset;
import ai.djl.training.initializer.ConstantInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.pipewright.client.tracking.FakeTracker;
import dev.pipewright.client.tracking.Tracking;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Real trainings of a line. Its engine is the smallest there is, and of this platform only.
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class DjlTrackingListenerTest {
  private static final int BATCH = 4;
  private static final float RATE = 0.05f;
  private static final double PRECISION = 1e-4;

  @TempDir static Path engine;
  @TempDir Path spool;

  @BeforeAll
  static void keepToThisMachine() {
    System.setProperty("DJL_CACHE_DIR", engine.toString());
    System.setProperty("ENGINE_CACHE_DIR", engine.toString());
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
  }

  /// y = 2x at some points.
  private static List<Float> points(int count) {
    return IntStream.range(0, count).mapToObj(i -> i / (float) count).toList();
  }

  private static Dataset dataset(NDManager manager, List<Float> points) throws Exception {
    var x = new float[points.size()];
    var y = new float[points.size()];
    for (int i = 0; i < x.length; i++) {
      x[i] = points.get(i);
      y[i] = 2 * x[i];
    }
    var shape = new Shape(x.length, 1);
    return new ArrayDataset.Builder()
        .setData(manager.create(x, shape))
        .optLabels(manager.create(y, shape))
        .setSampling(BATCH, false)
        .build();
  }

  /// The same training by hand: of y = wx from w = 0, the loss (half the squared error) of each
  /// epoch's training, and the one of its validation.
  private static List<double[]> byHand(List<Float> train, List<Float> validate, int epochs) {
    var losses = new ArrayList<double[]>();
    double w = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
      double sum = 0;
      for (int from = 0; from < train.size(); from += BATCH) {
        double gradient = 0;
        double loss = 0;
        for (float x : train.subList(from, from + BATCH)) {
          double error = (w - 2) * x;
          loss += error * error / 2 / BATCH;
          gradient += error * x / BATCH;
        }
        sum += loss;
        w -= RATE * gradient;
      }
      double slope = w - 2;
      losses.add(
          new double[] {
            sum / (train.size() / (double) BATCH),
            validate.stream().mapToDouble(x -> slope * x * slope * x / 2).average().orElse(0)
          });
    }
    return losses;
  }

  private FakeTracker.Run train(int epochs, List<Float> train, List<Float> validate)
      throws Exception {
    try (var tracker = new FakeTracker()) {
      var settings =
          Tracking.Settings.of(tracker.uri()).withSpool(spool).withPatience(Duration.ofSeconds(30));
      try (var tracking = Tracking.connect(settings);
          var run = tracking.start("lines", "try");
          var manager = NDManager.newBaseManager();
          var model = Model.newInstance("line")) {
        model.setBlock(Linear.builder().setUnits(1).optBias(false).build());
        var config =
            new DefaultTrainingConfig(Loss.l2Loss("loss", 0.5f))
                .optInitializer(new ConstantInitializer(0), Parameter.Type.WEIGHT)
                .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(RATE)).build())
                .addTrainingListeners(new DjlTrackingListener(run));
        try (var trainer = model.newTrainer(config)) {
          trainer.initialize(new Shape(BATCH, 1));
          EasyTrain.fit(
              trainer,
              epochs,
              dataset(manager, train),
              validate.isEmpty() ? null : dataset(manager, validate));
        }
      }
      return tracker.only();
    }
  }

  private static double value(FakeTracker.Run run, String key, int epoch) {
    return run.points().stream()
        .filter(point -> point.startsWith(key + " " + epoch + " "))
        .mapToDouble(point -> Double.parseDouble(point.split(" ", -1)[2]))
        .findFirst()
        .orElseThrow(() -> new AssertionError(key + " of epoch " + epoch + ": " + run.points()));
  }

  @Test
  void everyEpochsMeansAreLogged() throws Exception {
    int epochs = 3;
    var train = points(16);
    var validate = points(8);
    var run = train(epochs, train, validate);
    assertThat(run.points()).hasSize(2 * epochs);
    var expected = byHand(train, validate, epochs);
    for (int epoch = 0; epoch < epochs; epoch++) {
      assertThat(value(run, "train_loss", epoch))
          .isCloseTo(expected.get(epoch)[0], within(PRECISION));
      assertThat(value(run, "validate_loss", epoch))
          .isCloseTo(expected.get(epoch)[1], within(PRECISION));
    }
    assertThat(run.ends()).hasSize(1);
  }

  @Test
  void withoutValidationThereIsNone() throws Exception {
    var run = train(2, points(8), List.of());
    assertThat(run.points()).hasSize(2).allMatch(point -> point.startsWith("train_loss "));
  }
}

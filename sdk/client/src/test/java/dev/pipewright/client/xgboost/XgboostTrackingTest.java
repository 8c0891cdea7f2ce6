package dev.pipewright.client.xgboost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.client.tracking.FakeTracker;
import dev.pipewright.client.tracking.Tracking;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A real training.
class XgboostTrackingTest {
  private static final int ROUNDS = 12;

  @TempDir Path folder;

  @Test
  void everyRoundIsLogged() throws IOException, XGBoostError {
    try (var tracker = new FakeTracker()) {
      var train = matrix(1);
      var test = matrix(2);
      var settings =
          Tracking.Settings.of(tracker.uri())
              .withSpool(folder)
              .withPatience(Duration.ofSeconds(30));
      try (var tracking = Tracking.connect(settings);
          var run = tracking.start("trees", "try")) {
        var watches = new LinkedHashMap<String, DMatrix>();
        watches.put("train", train);
        watches.put("test", test);
        XgboostTracking.train(
                run,
                train,
                Map.of("eta", 0.3, "nthread", 1, "eval_metric", List.of("rmse", "mae")),
                ROUNDS,
                watches)
            .dispose();
        XgboostTracking.log(run, 99, "[99]\todd:name-rmse:nan\ttest-rmse:-inf");
      } finally {
        train.dispose();
        test.dispose();
      }
      var run = tracker.only();
      assertThat(run.params()).containsEntry("eta", "0.3").containsEntry("num_boost_round", "12");
      assertThat(run.points())
          .hasSize(4 * ROUNDS + 2)
          .contains("odd:name-rmse 99 NaN", "test-rmse 99 -Infinity");
      assertThat(run.points().stream().filter(point -> point.startsWith("test-mae ")))
          .hasSize(ROUNDS);
      assertThat(loss(run, ROUNDS - 1)).isLessThan(loss(run, 0));
    }
  }

  private static double loss(FakeTracker.Run run, int round) {
    return run.points().stream()
        .filter(point -> point.startsWith("train-rmse " + round + " "))
        .mapToDouble(point -> Double.parseDouble(point.split(" ", -1)[2]))
        .findFirst()
        .orElseThrow();
  }

  private static DMatrix matrix(long seed) throws XGBoostError {
    var random = new Random(seed);
    int rows = 200;
    var values = new float[rows * 2];
    var labels = new float[rows];
    for (int i = 0; i < rows; i++) {
      values[2 * i] = random.nextFloat();
      values[2 * i + 1] = random.nextFloat();
      labels[i] = values[2 * i] * values[2 * i + 1];
    }
    var matrix = new DMatrix(values, rows, 2, Float.NaN);
    matrix.setLabel(labels);
    return matrix;
  }
}

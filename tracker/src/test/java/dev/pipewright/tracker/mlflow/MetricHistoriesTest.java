package dev.pipewright.tracker.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.tracker.metric.Points;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import org.junit.jupiter.api.Test;

class MetricHistoriesTest {
  private static final Points POINTS =
      new Points(new long[] {-1, 2}, new long[] {10, 20}, new double[] {0.5, Double.NaN});
  private static final Points NONE = new Points(new long[0], new long[0], new double[0]);

  @Test
  void aRunsHistoryDoesNotNameIt() {
    assertThat(MlflowJson.text(new MetricHistories("lo\"ss", true).add(null, POINTS).next("t")))
        .isEqualTo(
            """
            {"metrics":[{"key":"lo\\"ss","value":0.5,"timestamp":10,"step":-1},\
            {"key":"lo\\"ss","value":"NaN","timestamp":20,"step":2}],"next_page_token":"t"}\
            """);
  }

  @Test
  void historiesOfSeveralRunsNameThem() {
    assertThat(MlflowJson.text(new MetricHistories("a", false).add("r", NONE).add("s", POINTS)))
        .startsWith(
            """
            {"metrics":[{"key":"a","value":0.5,"timestamp":10,"step":-1,"run_id":"s"},\
            """);
  }

  @Test
  void noPointsAreNoListOrAnEmptyOne() {
    assertThat(MlflowJson.text(new MetricHistories("a", true).add("r", NONE))).isEqualTo("{}");
    assertThat(MlflowJson.text(new MetricHistories("a", false).add("r", NONE)))
        .isEqualTo("{\"metrics\":[]}");
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.tracker.metric.MetricStore;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Routes;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Histories of metrics.
@ApplicationScoped
class MetricCalls implements Routes.Family {
  private static final int MOST_POINTS = 25_000;

  /// Of a history that is asked for whole; the rest is on the next pages.
  private static final int MOST_AT_ONCE = 250_000;

  private static final int MOST_RUNS = 100;
  private static final int MOST_PER_RUN = 2500;

  private final MetricStore metrics;

  MetricCalls(MetricStore metrics) {
    this.metrics = metrics;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .get("2.0/mlflow/metrics/get-history", this::history)
        .get("2.0/mlflow/metrics/get-history-bulk", this::bulk)
        .get("2.0/mlflow/metrics/get-history-bulk-interval", this::interval);
  }

  private Object history(Call call) {
    var id = call.runId();
    var key = call.requireString("metric_key");
    var most = call.integer("max_results");
    if (most != null && most <= 0) {
      throw MlflowError.invalid(
          "Invalid value "
              + most
              + " for parameter 'max_results' supplied. It must be a positive integer.");
    }
    int from = position(call.string("page_token"));
    int limit = (int) Math.min(most == null ? MOST_AT_ONCE : most, MOST_AT_ONCE);
    var page = metrics.page(id, key, from, limit);
    return new MetricHistories(key, true)
        .add(null, page.points())
        .next(page.more() ? token(from + page.points().size()) : null);
  }

  private static int position(@Nullable String token) {
    if (token == null || token.isEmpty()) {
      return 0;
    }
    try {
      var offset = MlflowJson.MAPPER.readTree(Base64.getDecoder().decode(token)).path("offset");
      if (offset.canConvertToInt() && offset.isIntegralNumber() && offset.intValue() >= 0) {
        return offset.intValue();
      }
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw MlflowError.invalid("Invalid page token, could not base64-decode");
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory could not be read", e);
    }
    throw MlflowError.invalid("Invalid page token, it holds no offset");
  }

  private static String token(int position) {
    return Base64.getEncoder().encodeToString(MlflowJson.bytes(Map.of("offset", position)));
  }

  private Object bulk(Call call) {
    var ids = call.strings("run_id");
    if (ids.isEmpty()) {
      throw MlflowError.invalid("GetMetricHistoryBulk request must specify at least one run_id.");
    }
    if (ids.size() > MOST_RUNS) {
      throw MlflowError.invalid(
          "GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %d run_ids."
              .formatted(MOST_RUNS, ids.size()));
    }
    var key = call.string("metric_key");
    if (key == null) {
      throw MlflowError.invalid("GetMetricHistoryBulk request must specify a metric_key.");
    }
    long left = Math.clamp(call.integer("max_results", MOST_POINTS), 0, MOST_POINTS);
    var answer = new MetricHistories(key, false);
    for (var id : new TreeSet<>(ids)) {
      if (left == 0) {
        break;
      }
      var points = metrics.page(id, key, 0, (int) left).points();
      left -= points.size();
      answer.add(id, points);
    }
    return answer;
  }

  Object interval(Call call) {
    var ids = call.strings("run_ids");
    if (ids.isEmpty()) {
      throw MlflowError.missing("run_ids");
    }
    if (ids.size() > MOST_RUNS) {
      throw MlflowError.invalid(
          "GetMetricHistoryBulkInterval request must specify at most %d run_ids. Received %d run_ids."
              .formatted(MOST_RUNS, ids.size()));
    }
    var key = call.requireString("metric_key");
    long most = call.integer("max_results", MOST_PER_RUN);
    if (most < 1 || most > MOST_PER_RUN) {
      throw MlflowError.invalid("max_results must be between 1 and " + MOST_PER_RUN + ".");
    }
    var start = call.integer("start_step");
    var end = call.integer("end_step");
    if (start == null != (end == null)) {
      throw MlflowError.invalid(
          "If either start step or end step are specified, both must be specified.");
    }
    if (start != null && end != null && start > end) {
      throw MlflowError.invalid(
          "end_step must be greater than start_step. Found start_step=%d and end_step=%d."
              .formatted(start, end));
    }
    var answer = new MetricHistories(key, true);
    metrics
        .bulkInterval(
            ids,
            key,
            start == null ? Long.MIN_VALUE : start,
            end == null ? Long.MAX_VALUE : end,
            (int) most)
        .forEach(answer::add);
    return answer;
  }
}

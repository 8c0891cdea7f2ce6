package dev.pipewright.client.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A run that a search found.
///
/// @param status `RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED` or `KILLED`
/// @param endTime null while it runs
/// @param metrics the newest value of each
public record FoundRun(
    String id,
    String name,
    String experimentId,
    String status,
    Instant startTime,
    @Nullable Instant endTime,
    Map<String, Double> metrics,
    Map<String, String> params,
    Map<String, String> tags) {

  static FoundRun of(JsonNode run) {
    var info = run.path("info");
    var data = run.path("data");
    var metrics = new LinkedHashMap<String, Double>();
    data.path("metrics")
        .forEach(each ->
            // NaN and infinities are text.
            metrics.put(
                each.path("key").asText(), Double.parseDouble(each.path("value").asText())));
    return new FoundRun(
        info.path("run_id").asText(),
        info.path("run_name").asText(),
        info.path("experiment_id").asText(),
        info.path("status").asText(),
        Instant.ofEpochMilli(info.path("start_time").asLong()),
        info.hasNonNull("end_time") ? Instant.ofEpochMilli(info.path("end_time").asLong()) : null,
        Map.copyOf(metrics),
        pairs(data.path("params")),
        pairs(data.path("tags")));
  }

  private static Map<String, String> pairs(JsonNode entries) {
    var pairs = new LinkedHashMap<String, String>();
    entries.forEach(each -> pairs.put(each.path("key").asText(), each.path("value").asText()));
    return Map.copyOf(pairs);
  }
}

package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.orchestrator.run.RunSnapshot.Ending;
import dev.pipewright.orchestrator.run.RunSnapshot.Measured;
import dev.pipewright.orchestrator.run.RunSnapshot.Outcome;
import dev.pipewright.orchestrator.run.RunSnapshot.Report;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Turns the wire's reports into what the engine decides on.
final class ReportReader {
  private ReportReader() {}

  static Report read(TaskReport report) {
    var at = instant(report.getAt());
    var attempt = UUID.fromString(report.getAttemptId());
    return switch (report.getReportCase()) {
      case STARTED -> new Report.Started(attempt, at);
      case FINISHED ->
          new Report.Finished(
              attempt, at, outcome(report.getFinished()), ending(report.getFinished()));
      // One that still runs, or a report that is newer than this server, which says as much.
      case ALIVE, REPORT_NOT_SET -> new Report.Started(attempt, at);
    };
  }

  static List<Measured> read(WatchedMetrics metrics) {
    return metrics.getPointsList().stream()
        .map(points -> {
          var bySteps = new TreeMap<Long, Double>();
          for (int i = 0; i < points.getStepsCount(); i++) {
            bySteps.put(points.getSteps(i), points.getValues(i));
          }
          return new Measured(points.getTask(), bySteps);
        })
        .toList();
  }

  private static Outcome outcome(TaskFinished finished) {
    return switch (finished.getOutcome()) {
      case OUTCOME_SUCCEEDED -> new Outcome.Succeeded(outputs(finished.getOutputsMap()));
      case OUTCOME_USER_FAILURE -> new Outcome.UserFailure();
      case OUTCOME_CANCELLED -> new Outcome.Cancelled();
      case OUTCOME_SYSTEM_FAILURE, OUTCOME_UNSPECIFIED, UNRECOGNIZED -> new Outcome.SystemFailure();
    };
  }

  private static Ending ending(TaskFinished finished) {
    return new Ending(
        finished.getExitCode(),
        emptyToNull(finished.getCode()),
        emptyToNull(finished.getMessage()));
  }

  private static Map<String, JsonNode> outputs(Map<String, String> texts) {
    var outputs = new LinkedHashMap<String, JsonNode>();
    texts.forEach((name, text) -> {
      try {
        outputs.put(name, Json.MAPPER.readTree(text.replace("\\u0000", "\\ufffd")));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("output " + name + " is not JSON: " + text, e);
      }
    });
    return outputs;
  }

  private static @Nullable String emptyToNull(String text) {
    // PostgreSQL keeps no NUL.
    return text.isEmpty() ? null : text.replace('\0', '\uFFFD');
  }

  private static Instant instant(Timestamp at) {
    return Instant.ofEpochSecond(at.getSeconds(), at.getNanos());
  }
}

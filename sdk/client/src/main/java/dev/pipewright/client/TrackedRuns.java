package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Experiment;
import dev.pipewright.contract.api.LogPage;
import dev.pipewright.contract.api.MetricHistory;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.TrackedRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tracked runs: what was given, measured and made.
public final class TrackedRuns {
  private static final int PAGE = 200;

  private final Http http;

  TrackedRuns(Http http) {
    this.http = http;
  }

  /// @throws ProblemException RUN_NOT_FOUND
  public TrackedRun get(String id) {
    return http.get(Http.path(List.of("runs", id), Map.of()), TrackedRun.class);
  }

  /// All tracked runs of a pipeline run: its own and one for each attempt, newest first, each with
  /// its latest metrics.
  public List<TrackedRun> ofPipelineRun(String pipelineRunId) {
    var runs = new ArrayList<TrackedRun>();
    @Nullable String after = null;
    do {
      var query = new HashMap<String, @Nullable Object>();
      query.put("pipelineRun", pipelineRunId);
      query.put("after", after);
      Page<TrackedRun> page =
          http.get(Http.path(List.of("runs"), query), new TypeReference<Page<TrackedRun>>() {});
      runs.addAll(page.items());
      after = page.next();
    } while (after != null);
    return runs;
  }

  /// The runs of an experiment, newest first, a page at a time.
  ///
  /// @param after a page's `next`; null for the first page
  public Page<TrackedRun> ofExperiment(String experiment, @Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("experiment", experiment);
    query.put("limit", PAGE);
    query.put("after", after);
    return http.get(Http.path(List.of("runs"), query), new TypeReference<Page<TrackedRun>>() {});
  }

  /// The experiments, newest first, a page at a time.
  ///
  /// @param after a page's `next`; null for the first page
  public Page<Experiment> experiments(@Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("limit", PAGE);
    query.put("after", after);
    return http.get(
        Http.path(List.of("experiments"), query), new TypeReference<Page<Experiment>>() {});
  }

  /// The points of one metric, by step.
  ///
  /// @param points at most so many, with no peak lost; null for all of them, up to a million
  /// @throws ProblemException RUN_NOT_FOUND, METRIC_NOT_FOUND, or TOO_MANY_POINTS
  public MetricHistory history(String id, String key, @Nullable Integer points) {
    return history(id, key, null, null, points);
  }

  /// The points of a range of steps, both ends included.
  ///
  /// @param from null for no limit, as with `to`
  /// @param points at most so many, with no peak lost; null for all of them, up to a million
  /// @throws ProblemException RUN_NOT_FOUND, METRIC_NOT_FOUND, or TOO_MANY_POINTS
  public MetricHistory history(
      String id, String key, @Nullable Long from, @Nullable Long to, @Nullable Integer points) {
    var segments = new ArrayList<>(List.of("runs", id, "metrics"));
    segments.addAll(List.of(key.split("/", -1)));
    var query = new HashMap<String, @Nullable Object>();
    query.put("points", points);
    query.put("from", from);
    query.put("to", to);
    return http.get(Http.path(segments, query), MetricHistory.class);
  }

  /// Lines of the run's log.
  ///
  /// @param after the number of the last line already seen; 0 from the start
  /// @throws ProblemException RUN_NOT_FOUND
  public LogPage logs(String id, long after) {
    return http.get(Http.path(List.of("runs", id, "logs"), Map.of("after", after)), LogPage.class);
  }

  /// The last lines of the run's log, oldest first.
  ///
  /// @throws ProblemException RUN_NOT_FOUND
  public List<LogPage.Line> lastLogs(String id, int count) {
    var last = new ArrayList<LogPage.Line>();
    long after = 0;
    while (true) {
      var page = logs(id, after);
      last.addAll(page.lines());
      if (last.size() > count) {
        last.subList(0, last.size() - count).clear();
      }
      if (page.lines().isEmpty() || page.next() <= after) {
        return List.copyOf(last);
      }
      after = page.next();
    }
  }
}

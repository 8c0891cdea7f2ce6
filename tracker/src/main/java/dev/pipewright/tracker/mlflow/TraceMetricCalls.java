package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.TraceMetric.Aggregation;
import dev.pipewright.tracker.mlflow.TraceMetric.View;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.search.SqlFilter;
import dev.pipewright.tracker.trace.TraceStatisticsStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Figures over many traces, spans or assessments: how many, how long, how dear, by name or by
/// hour.
@ApplicationScoped
class TraceMetricCalls implements Routes.Family {
  private static final int DEFAULT_RESULTS = 1000;
  private static final int MOST_RESULTS = 50_000;
  private static final List<String> VIEWS = List.of("TRACES", "SPANS", "ASSESSMENTS");
  private static final List<String> AGGREGATIONS =
      List.of("COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX");
  private static final String BUCKET = "time_bucket";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx").withZone(ZoneOffset.UTC);

  private final TraceStatisticsStore statistics;

  TraceMetricCalls(TraceStatisticsStore statistics) {
    this.statistics = statistics;
  }

  @Override
  public void addTo(Routes routes) {
    routes.post("3.0/mlflow/traces/metrics", this::query);
  }

  private record Point(
      String metricName, Map<String, String> dimensions, Map<String, Double> values) {}

  private record Points(List<Point> dataPoints) {}

  private Object query(Call call) {
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    if (experiments.isEmpty()) {
      throw MlflowError.missing("experiment_ids");
    }
    var viewName = call.constant("view_type", VIEWS);
    if (viewName == null) {
      throw MlflowError.missing("view_type");
    }
    var view = View.valueOf(viewName);
    var name = call.requireString("metric_name");
    var metric = view.metric(name);
    var aggregations = aggregations(call);
    metric.check(aggregations);
    var dimensions = call.strings("dimensions");
    metric.checkDimensions(dimensions);
    var interval = call.integer("time_interval_seconds", 0);
    var start = call.integer("start_time_ms");
    var end = call.integer("end_time_ms");
    if (interval != 0 && (start == null || end == null)) {
      throw MlflowError.invalid(
          "start_time_ms and end_time_ms are required if time_interval_seconds is set");
    }
    if (interval < 0 || interval > Integer.MAX_VALUE) {
      throw MlflowError.invalidValue(
          "time_interval_seconds",
          String.valueOf(interval),
          "It must be between 0 and " + Integer.MAX_VALUE + ".");
    }
    int most = (int) Math.min(call.integer("max_results", DEFAULT_RESULTS), MOST_RESULTS);

    var bindings = new Bindings();
    var where = new StringBuilder("t.experiment_id = any (");
    where.append(bindings.add(experiments.toArray(Long[]::new))).append(')').append(view.where());
    for (var filter : call.strings("filters")) {
      where.append(" and ").append(TraceMetric.condition(view, filter, bindings));
    }
    if (start != null) {
      where.append(" and ").append(metric.since(start, bindings));
    }
    if (end != null) {
      // All of the last millisecond is asked for.
      long after = Math.min(end, Long.MAX_VALUE - 1) + 1;
      where.append(" and not ").append(metric.since(after, bindings));
    }
    where.append(" and ").append(metric.value()).append(" is not null");

    var groups = new ArrayList<String>();
    if (interval != 0) {
      long millis = interval * 1000;
      groups.add("floor(%s / %d.0) * %d".formatted(view.time(), millis, millis));
    }
    for (var dimension : dimensions) {
      var column = view.dimension(dimension);
      where.append(" and ").append(column).append(" is not null");
      groups.add(column);
    }
    var rows =
        SqlFilter.searching(() ->
            statistics.grouped(
                view.from(),
                where.toString(),
                groups,
                aggregations.stream().map(each -> each.sql(metric.value(), bindings)).toList(),
                most <= 0 ? DEFAULT_RESULTS : most,
                bindings.values()));
    var points = new ArrayList<Point>();
    for (var row : rows) {
      var values = new LinkedHashMap<String, Double>();
      for (int i = 0; i < aggregations.size(); i++) {
        var value = row.values().get(i);
        if (value != null) {
          values.put(aggregations.get(i).label(), value);
        }
      }
      if (!values.isEmpty()) {
        points.add(new Point(name, dimensions(interval != 0, dimensions, row.groups()), values));
      }
    }
    return new Points(points);
  }

  private static List<Aggregation> aggregations(Call call) {
    var aggregations = new ArrayList<Aggregation>();
    for (var each : call.objects("aggregations")) {
      var type =
          Call.of(MlflowJson.MAPPER.valueToTree(each)).constant("aggregation_type", AGGREGATIONS);
      if (type == null) {
        throw MlflowError.missing("aggregations.aggregation_type");
      }
      var percentile =
          each.hasNonNull("percentile_value")
              ? Call.requireNumber(each, "percentile_value", "aggregations.percentile_value")
              : null;
      aggregations.add(Aggregation.of(type, percentile));
    }
    if (aggregations.isEmpty()) {
      throw MlflowError.missing("aggregations");
    }
    return aggregations;
  }

  private static Map<String, String> dimensions(
      boolean bucketed, List<String> names, List<String> groups) {
    var dimensions = new LinkedHashMap<String, String>();
    if (bucketed) {
      dimensions.put(BUCKET, bucket(groups.getFirst()));
    }
    for (int i = 0; i < names.size(); i++) {
      dimensions.put(names.get(i), groups.get(i + (bucketed ? 1 : 0)));
    }
    return dimensions;
  }

  private static String bucket(@Nullable String millis) {
    return TIME.format(Instant.ofEpochMilli((long) Double.parseDouble(String.valueOf(millis))));
  }
}

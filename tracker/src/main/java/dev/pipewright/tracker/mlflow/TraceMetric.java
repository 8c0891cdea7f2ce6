package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.trace.TraceInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A figure that can be asked of many traces, spans or assessments, and what it is in SQL, where
/// `t` is a trace, `s` a span and `a` an assessment.
///
/// @param value SQL, of one row; rows without one are left out
/// @param time what a range of time means
record TraceMetric(String value, Time time, Set<String> aggregations, Set<String> dimensions) {
  private static final Set<String> COUNT = Set.of("COUNT");
  private static final Set<String> SPREAD = Set.of("AVG", "MAX", "MIN", "PERCENTILE");
  private static final Set<String> SUMS = Set.of("AVG", "MAX", "MIN", "PERCENTILE", "SUM");
  private static final List<String> TOKENS =
      List.of(
          "input_tokens",
          "output_tokens",
          "total_tokens",
          "cache_read_input_tokens",
          "cache_creation_input_tokens");
  private static final List<String> COSTS = List.of("input_cost", "output_cost", "total_cost");
  private static final String SESSION = "(t.metadata ->> '" + TraceInfo.SESSION_METADATA + "')";

  /// Yes and no count as one and nothing, as true and false do.
  private static final String ASSESSED =
      """
      (case json_typeof(a.value)
        when 'number' then (case when (a.value #>> '{}') ~ '^[-+0-9.eE]{1,25}$'
          and (a.value #>> '{}') !~ '[eE][-+]?[0-9]{3}' then (a.value #>> '{}')::double precision end)
        when 'boolean' then (case a.value #>> '{}' when 'true' then 1.0 else 0.0 end)
        when 'string' then (case lower(trim(a.value #>> '{}'))
          when 'yes' then 1.0 when 'no' then 0.0 end) end)\
      """;

  enum Time {
    OF_TRACE,
    OF_SPAN
  }

  /// What the figures are about.
  enum View {
    TRACES("tracker.trace t", "(extract(epoch from t.request_time) * 1000)", ""),
    SPANS(
        "tracker.span s join tracker.trace t on t.number = s.trace", "(s.started / 1000000.0)", ""),
    ASSESSMENTS(
        "tracker.assessment a join tracker.trace t on t.number = a.trace",
        "(extract(epoch from t.request_time) * 1000)",
        " and a.valid");

    private final String from;
    private final String time;
    private final String where;

    View(String from, String time, String where) {
      this.from = from;
      this.time = time;
      this.where = where;
    }

    String from() {
      return from;
    }

    /// What buckets of time are made of, in milliseconds.
    String time() {
      return time;
    }

    String where() {
      return where;
    }

    private Map<String, TraceMetric> metrics() {
      return switch (this) {
        case TRACES -> OF_TRACES;
        case SPANS -> OF_SPANS;
        case ASSESSMENTS -> OF_ASSESSMENTS;
      };
    }

    TraceMetric metric(String name) {
      var metric = metrics().get(name);
      if (metric == null) {
        throw MlflowError.invalid(
            "metric_name must be one of %s, got '%s'"
                .formatted(quoted(metrics().keySet().stream()), name));
      }
      return metric;
    }

    String dimension(String name) {
      return switch (name) {
        case "trace_name" -> "(t.tags ->> '" + TraceInfo.NAME_TAG + "')";
        case "trace_status" -> "t.state";
        case "span_name" -> "s.name";
        case "span_type" -> "s.type";
        case "span_status" -> "s.status";
        case "span_model_name" -> "s.model";
        case "span_model_provider" -> "s.provider";
        case "assessment_name" -> "a.name";
        case "assessment_value" -> "a.value::text";
        default -> throw new IllegalArgumentException(name);
      };
    }
  }

  private static final Map<String, TraceMetric> OF_TRACES = new LinkedHashMap<>();
  private static final Map<String, TraceMetric> OF_SPANS = new LinkedHashMap<>();
  private static final Map<String, TraceMetric> OF_ASSESSMENTS = new LinkedHashMap<>();

  static {
    var byName = Set.of("trace_name");
    OF_TRACES.put(
        "trace_count",
        new TraceMetric("t.id", Time.OF_TRACE, COUNT, Set.of("trace_name", "trace_status")));
    OF_TRACES.put("session_count", new TraceMetric(SESSION, Time.OF_TRACE, COUNT, Set.of()));
    OF_TRACES.put("latency", new TraceMetric("t.duration", Time.OF_TRACE, SPREAD, byName));
    for (var tokens : TOKENS) {
      OF_TRACES.put(
          tokens,
          new TraceMetric(
              number("(t.metadata ->> '" + TraceInfo.USAGE_METADATA + "')", tokens),
              Time.OF_TRACE,
              SUMS,
              byName));
    }
    OF_SPANS.put(
        "span_count",
        new TraceMetric(
            "s.id",
            Time.OF_TRACE,
            COUNT,
            Set.of(
                "span_name",
                "span_type",
                "span_status",
                "span_model_name",
                "span_model_provider")));
    OF_SPANS.put(
        "latency",
        new TraceMetric(
            "((s.ended - s.started) / 1000000)",
            Time.OF_TRACE,
            SPREAD,
            Set.of("span_name", "span_status")));
    for (var cost : COSTS) {
      OF_SPANS.put(
          cost,
          new TraceMetric(
              number("s.cost::text", cost),
              Time.OF_SPAN,
              SUMS,
              Set.of("span_model_name", "span_model_provider")));
    }
    OF_ASSESSMENTS.put(
        "assessment_count",
        new TraceMetric(
            "a.id", Time.OF_TRACE, COUNT, Set.of("assessment_name", "assessment_value")));
    OF_ASSESSMENTS.put(
        "assessment_value",
        new TraceMetric(ASSESSED, Time.OF_TRACE, SPREAD, Set.of("assessment_name")));
  }

  /// A number in a JSON object that a client wrote as it liked.
  private static String number(String json, String key) {
    return """
    (case when %1$s is json object then (case when (%1$s::json ->> '%2$s') ~ '^[-+0-9.eE]{1,25}$'
      and (%1$s::json ->> '%2$s') !~ '[eE][-+]?[0-9]{3}'
      and json_typeof(%1$s::json -> '%2$s') = 'number'
      then (%1$s::json ->> '%2$s')::double precision end) end)\
    """
        .formatted(json, key);
  }

  /// What is made of the values of a group.
  ///
  /// @param percentile 0 to 100, of a percentile
  record Aggregation(String type, @Nullable Double percentile) {
    static Aggregation of(String type, @Nullable Double percentile) {
      if (!type.equals("PERCENTILE") && percentile != null) {
        throw MlflowError.invalid(
            "Percentile value is only allowed for PERCENTILE aggregation type, got " + type);
      }
      if (type.equals("PERCENTILE")) {
        if (percentile == null) {
          throw MlflowError.invalid("Percentile value is required for PERCENTILE aggregation");
        }
        if (!(percentile >= 0 && percentile <= 100)) {
          throw MlflowError.invalid(
              "Percentile value must be between 0 and 100, got " + percentile);
        }
      }
      return new Aggregation(type, percentile);
    }

    String label() {
      return percentile == null ? type : "P" + percentile;
    }

    String sql(String value, Bindings bindings) {
      return percentile == null
          ? type + "(" + (value.equals(SESSION) ? "distinct " : "") + value + ")"
          : "percentile_cont(%s) within group (order by %s)"
              .formatted(bindings.add(percentile / 100), value);
    }
  }

  void check(List<Aggregation> asked) {
    var wrong = new TreeSet<String>();
    asked.forEach(each -> wrong.add(each.type()));
    wrong.removeAll(aggregations);
    if (!wrong.isEmpty()) {
      throw MlflowError.invalid(
          "Found invalid aggregation_type(s): %s. Supported aggregation types: %s"
              .formatted(quoted(wrong.stream()), quoted(aggregations.stream().sorted())));
    }
  }

  void checkDimensions(List<String> asked) {
    var wrong = new TreeSet<>(asked);
    wrong.removeAll(dimensions);
    if (!wrong.isEmpty()) {
      throw MlflowError.invalid(
          "Found invalid dimension(s): %s. Supported dimensions: %s"
              .formatted(quoted(wrong.stream()), quoted(dimensions.stream().sorted())));
    }
  }

  private static List<String> quoted(Stream<String> names) {
    return names.map(name -> "'" + name + "'").toList();
  }

  // Conditions

  private static final long MOST_MILLIS = Long.MAX_VALUE / 1_000_000 - 1;

  /// Whether something happened at a time or later.
  String since(long millis, Bindings bindings) {
    return switch (time) {
      case OF_TRACE ->
          "t.request_time >= cast(%s as timestamptz)"
              .formatted(bindings.add(TraceMessages.clamp(millis).toString()));
      case OF_SPAN ->
          "s.started >= " + bindings.add(Math.clamp(millis, -MOST_MILLIS, MOST_MILLIS) * 1_000_000);
    };
  }

  private static final Pattern FILTER =
      Pattern.compile(
          "\\s*`?(?<view>\\w+)`?\\.(?<entity>\\w+)(?:\\.(?<key>`[^`]+`|\"[^\"]+\"|'[^']+'|[\\w.\\-/]+))?\\s*"
              + "(?<comparator>[=!<>]+|(?i:i?like|rlike|in|not in))\\s*(?<value>'[^']*'|\"[^\"]*\"|\\S.*?)\\s*",
          Pattern.DOTALL);
  private static final Map<String, List<String>> ENTITIES =
      Map.of(
          "trace", List.of("status", "tag", "metadata"),
          "span", List.of("name", "status", "type"),
          "assessment", List.of("name", "type"));

  /// One comparison such as ``trace.metadata.`mlflow.trace.user` = 'me'``.
  static String condition(View view, String filter, Bindings bindings) {
    var parts = FILTER.matcher(filter);
    if (!parts.matches()) {
      throw MlflowError.invalid(
          "Invalid filter: '"
              + filter
              + "'. Expected one comparison such as trace.status = 'OK', trace.tag.<key> = 'x',"
              + " span.name = 'x' or assessment.name = 'x'.");
    }
    var about = parts.group("view");
    var entity = parts.group("entity");
    @Nullable String key = parts.group("key");
    var entities = ENTITIES.get(about);
    if (entities == null) {
      throw MlflowError.invalid(
          "Invalid view type '" + about + "'. Valid values are ['assessment', 'span', 'trace']");
    }
    if (!entities.contains(entity)) {
      throw MlflowError.invalid(
          "Invalid entity '%s' specified for view type '%s'. Valid entities are %s"
              .formatted(entity, about, quoted(entities.stream())));
    }
    boolean keyed = entity.equals("tag") || entity.equals("metadata");
    if (keyed != (key != null)) {
      throw MlflowError.invalid(
          keyed
              ? "Filtering by %1$s requires a key, e.g. '%2$s.%1$s.<key> = <value>'"
                  .formatted(entity, about)
              : "Filtering by %1$s does not require a key, use '%2$s.%1$s' instead"
                  .formatted(entity, about));
    }
    if (!parts.group("comparator").equals("=")) {
      throw MlflowError.invalid(
          "Invalid comparator: '"
              + parts.group("comparator")
              + "', only '=' operator is supported");
    }
    var quoted = parts.group("value");
    if (quoted.length() < 2
        || !(quoted.startsWith("'") && quoted.endsWith("'")
            || quoted.startsWith("\"") && quoted.endsWith("\""))) {
      throw MlflowError.invalid(
          "Expected a quoted string value for %s value (e.g. 'my-value'). Got value %s"
              .formatted(entity, quoted));
    }
    if (!about.equals("trace") && !view.name().toLowerCase(Locale.ROOT).startsWith(about)) {
      throw MlflowError.invalid(
          "Filtering by %s is only supported for %sS view type, got %s"
              .formatted(about, about.toUpperCase(Locale.ROOT), view));
    }
    var value = bindings.add(quoted.substring(1, quoted.length() - 1));
    return switch (about + "." + entity) {
      case "trace.status" -> "t.state = " + value;
      case "trace.tag" -> "(t.tags ->> " + bindings.add(plain(key)) + ") = " + value;
      case "trace.metadata" -> metadata(plain(key), value, bindings);
      case "span.name" -> "s.name = " + value;
      case "span.status" -> "s.status = " + value;
      case "span.type" -> "s.type = " + value;
      case "assessment.name" -> "a.name = " + value;
      case "assessment.type" -> "a.kind = " + value;
      default -> throw new IllegalArgumentException(filter);
    };
  }

  private static String plain(@Nullable String key) {
    var given = String.valueOf(key);
    return Stream.of('`', '"', '\'').anyMatch(quote -> given.charAt(0) == quote)
        ? given.substring(1, given.length() - 1)
        : given;
  }

  /// A trace is a run's when the run made it, or when it was linked to the run later.
  private static String metadata(String key, String value, Bindings bindings) {
    var said = "(t.metadata ->> " + bindings.add(key) + ") = " + value;
    return key.equals(TraceInfo.RUN_METADATA)
        ? """
        (%s or exists (select from tracker.trace_run l join tracker.run r on r.number = l.run
          where l.trace = t.number and r.id = %s))\
        """
            .formatted(said, value)
        : said;
  }
}

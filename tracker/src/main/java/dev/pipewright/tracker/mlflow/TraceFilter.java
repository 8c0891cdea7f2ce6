package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.search.Entity;
import dev.pipewright.tracker.search.EntitySearchStore.Key;
import dev.pipewright.tracker.search.Field;
import dev.pipewright.tracker.search.Filter;
import dev.pipewright.tracker.search.OrderBy;
import dev.pipewright.tracker.search.SqlFilter;
import dev.pipewright.tracker.search.SqlFilter.Source;
import dev.pipewright.tracker.trace.TraceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Where a search of traces finds what its filter and order name.
final class TraceFilter {
  private static final String END = "(t.request_time + coalesce(t.duration, 0) * interval '1 ms')";
  private static final Map<String, Key> COLUMNS =
      Map.of(
          "request_id", new Key("t.id", "text", true),
          "experiment_id", new Key("t.experiment_id", "bigint", true),
          "client_request_id", new Key("t.client_request_id", "text", true),
          "status", new Key("t.state", "text", true),
          "timestamp_ms", new Key("t.request_time", "timestamptz", true),
          "execution_time_ms", new Key("t.duration", "bigint", true),
          "end_time_ms", new Key(END, "timestamptz", true));
  private static final String ATTRIBUTES = "attributes.";
  private static final String PROMPTS_TAG = "mlflow.linkedPrompts";

  private TraceFilter() {}

  static String where(Filter filter, List<Long> experiments, Bindings bindings) {
    return "t.experiment_id = any ("
        + bindings.add(experiments.toArray(Long[]::new))
        + ") and "
        + condition(filter, bindings);
  }

  /// What a filter says of spans beside each other is of one and the same span.
  static String condition(Filter filter, Bindings bindings) {
    var ofSpans = new ArrayList<Filter>();
    var others = new ArrayList<Filter>();
    for (var part : filter.conjuncts()) {
      (isOfSpan(part) ? ofSpans : others).add(part);
    }
    var rest = SqlFilter.compile(new Filter.And(others), TraceFilter::source, bindings);
    if (ofSpans.isEmpty()) {
      return rest;
    }
    return rest
        + " and exists (select from tracker.span s where s.trace = t.number and "
        + SqlFilter.compile(
            new Filter.And(ofSpans),
            (field, values) -> Source.column(span(field, values), SqlFilter.Type.TEXT),
            bindings)
        + ")";
  }

  private static boolean isOfSpan(Filter part) {
    return switch (part) {
      case Filter.Compare(var field, var operator, var value) -> field.entity() == Entity.SPAN;
      case Filter.In(var field, var values, var negated) -> field.entity() == Entity.SPAN;
      default -> false;
    };
  }

  static List<Key> order(List<OrderBy> asked, Bindings bindings) {
    var keys = new ArrayList<Key>();
    for (var each : asked) {
      var field = each.field();
      switch (field.entity()) {
        case TAG -> keys.add(json("t.tags", field, each.ascending(), bindings));
        case REQUEST_METADATA -> keys.add(json("t.metadata", field, each.ascending(), bindings));
        default -> keys.add(Searches.order(List.of(each), COLUMNS, List.of()).getFirst());
      }
    }
    var complete = new ArrayList<>(keys);
    for (var last :
        List.of(new Key("t.request_time", "timestamptz", false), new Key("t.id", "text", true))) {
      if (keys.stream().noneMatch(key -> key.expression().equals(last.expression()))) {
        complete.add(last);
      }
    }
    return complete;
  }

  private static Key json(String column, Field field, boolean ascending, Bindings bindings) {
    return new Key("(" + column + " ->> " + bindings.add(field.key()) + ")", "text", ascending);
  }

  private static Source source(Field field, Bindings bindings) {
    return switch (field.entity()) {
      case TAG ->
          field.key().equals(PROMPTS_TAG)
              ? Source.rows(
                  "x.prompt",
                  SqlFilter.Type.TEXT,
                  "tracker.trace_prompt x where x.trace = t.number")
              : Source.column(
                  "(t.tags ->> " + bindings.add(field.key()) + ")", SqlFilter.Type.TEXT);
      case REQUEST_METADATA ->
          field.key().equals(TraceInfo.RUN_METADATA)
              ? Source.rows("x.id", SqlFilter.Type.TEXT, RUNS)
              : Source.column(
                  "(t.metadata ->> " + bindings.add(field.key()) + ")", SqlFilter.Type.TEXT);
      case SPAN ->
          Source.rows(
              span(field, bindings),
              SqlFilter.Type.TEXT,
              "tracker.span s where s.trace = t.number");
      case FEEDBACK -> assessment("feedback", field, bindings);
      case EXPECTATION -> assessment("expectation", field, bindings);
      case ISSUE ->
          Source.rows(
              "a.name",
              SqlFilter.Type.TEXT,
              "tracker.assessment a where a.trace = t.number and a.kind = 'issue'");
      default -> {
        var column = COLUMNS.get(field.key());
        if (column == null) {
          throw MlflowError.invalid("Invalid attribute key '" + field.key() + "' specified.");
        }
        yield switch (column.type()) {
          case "timestamptz" -> Source.column(column.expression(), SqlFilter.Type.TIME);
          case "bigint" ->
              field.key().equals("experiment_id")
                  ? Source.column("t.experiment_id::text", SqlFilter.Type.TEXT)
                  : Source.column(column.expression(), SqlFilter.Type.NUMBER);
          default -> Source.column(column.expression(), SqlFilter.Type.TEXT);
        };
      }
    };
  }

  /// A trace is a run's when the run made it, or when it was linked to the run later.
  private static final String RUNS =
      """
      (select t.metadata ->> 'mlflow.sourceRun' as id where jsonb_exists(t.metadata, 'mlflow.sourceRun')
       union all
       select r.id from tracker.trace_run l join tracker.run r on r.number = l.run
       where l.trace = t.number) x where true\
      """;

  /// What is said of a session is said of each of its traces.
  private static Source assessment(String kind, Field field, Bindings bindings) {
    return Source.rows(
        "(a.value #>> '{}')",
        SqlFilter.Type.VALUE,
        """
        tracker.assessment a
        where a.kind = '%s' and a.name = %s and a.valid
          and (a.trace = t.number
            or jsonb_exists(a.metadata, 'mlflow.trace.session')
              and a.trace in (select other.number from tracker.trace other
                where other.experiment_id = t.experiment_id
                  and other.metadata ->> 'mlflow.trace.session'
                    = t.metadata ->> 'mlflow.trace.session'))\
        """
            .formatted(kind, bindings.add(field.key())));
  }

  private static String span(Field field, Bindings bindings) {
    return field.key().startsWith(ATTRIBUTES)
        ? "(s.content::json -> 'attributes' ->> "
            + bindings.add(field.key().substring(ATTRIBUTES.length()))
            + ")"
        : "s." + field.key();
  }
}

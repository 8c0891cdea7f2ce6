package dev.pipewright.tracker.search;

import dev.pipewright.tracker.search.Field.Best;
import dev.pipewright.tracker.search.Filter.And;
import dev.pipewright.tracker.search.Filter.Compare;
import dev.pipewright.tracker.search.Filter.In;
import dev.pipewright.tracker.search.Filter.IsNull;
import dev.pipewright.tracker.search.Filter.Not;
import dev.pipewright.tracker.search.Filter.Operator;
import dev.pipewright.tracker.search.Filter.Or;
import dev.pipewright.tracker.search.SqlFilter.Source;
import dev.pipewright.tracker.search.SqlFilter.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where the fields of runs are, and which indexes find them. In all of this SQL `r` is the run and
/// `:experiments` the experiments searched.
final class RunFields {
  /// How many characters of a param's or tag's value are in the column `beginning`, which its index
  /// has.
  static final int INDEXED_CHARACTERS = 128;

  private static final String DATASETS =
      "tracker.run_dataset rd join tracker.dataset d on d.id = rd.dataset";

  /// Stands for the condition that a run is deleted, which no filter can say.
  static final Filter DELETED = new IsNull(new Field(Entity.ATTRIBUTE, "deleted_at"), true);

  private RunFields() {}

  static Type type(Field field) {
    return switch (field.entity()) {
      case METRIC -> Type.NUMBER;
      case ATTRIBUTE ->
          field.key().equals("start_time") || field.key().equals("end_time")
              ? Type.TIME
              : Type.TEXT;
      case PARAMETER, TAG, DATASET, REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE ->
          Type.TEXT;
    };
  }

  /// One value a row: for few rows, however many PostgreSQL thinks they are.
  static Source lookup(Field field, Bindings bindings) {
    return switch (field.entity()) {
      case ATTRIBUTE -> Source.column("r." + column(field), type(field));
      case METRIC, PARAMETER, TAG ->
          new Source(
              value(field),
              type(field),
              "tracker.%s x where x.run = r.number and x.key = %s"
                  .formatted(table(field), bindings.add(field.key())),
              true);
      case DATASET ->
          Source.rows(datasetColumn(field), Type.TEXT, DATASETS + " where rd.run = r.number");
      case REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE ->
          throw new IllegalArgumentException("a run has no " + field);
    };
  }

  /// Sets of rows: for many, where PostgreSQL may hash what an index gives it in one piece.
  static Source set(Field field, Bindings bindings) {
    return switch (field.entity()) {
      case METRIC, PARAMETER, TAG ->
          Source.rows(
              value(field),
              type(field),
              "tracker.%s x where x.run = r.number and x.experiment_id = any(:experiments) and x.key = %s"
                  .formatted(table(field), bindings.add(field.key())));
      case ATTRIBUTE, DATASET, REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE ->
          lookup(field, bindings);
    };
  }

  /// A query for the value of every run that has one.
  static String all(Field field, Bindings bindings) {
    return "select x.run, %s as value from tracker.%s x where x.experiment_id = any(:experiments) and x.key = %s"
        .formatted(value(field), table(field), bindings.add(field.key()));
  }

  private static String column(Field attribute) {
    return switch (attribute.key()) {
      case "run_id" -> "id";
      case "run_name" -> "name";
      case "user_id" -> "user_id";
      case "status" -> "status";
      case "artifact_uri" -> "artifact_uri";
      case "start_time" -> "start_time";
      case "end_time" -> "end_time";
      default -> throw new IllegalArgumentException("a run has no " + attribute);
    };
  }

  private static String datasetColumn(Field field) {
    return switch (field.key()) {
      case "name" -> "d.name";
      case "digest" -> "d.digest";
      case "context" -> "rd.context";
      default -> throw new IllegalArgumentException("a dataset has no " + field);
    };
  }

  private static String table(Field field) {
    return switch (field.entity()) {
      case METRIC -> "metric";
      case PARAMETER -> "param";
      case TAG -> "tag";
      case ATTRIBUTE, DATASET, REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE ->
          throw new IllegalArgumentException("no table of " + field);
    };
  }

  private static String value(Field field) {
    return switch (field.best()) {
      case LATEST -> "x.value";
      case MIN -> "x.min";
      case MAX -> "x.max";
    };
  }

  /// An index that has the runs of one experiment in the order of a field.
  ///
  /// @param rows of experiment `e.id`; runs that do not have the field are not among them
  /// @param value what is in the index: of a text perhaps only the beginning
  /// @param number the run's number
  record Index(String rows, String value, Type type, String number) {}

  static Optional<Index> index(Field field, Bindings bindings) {
    return switch (field.entity()) {
      case ATTRIBUTE ->
          switch (field.key()) {
            case "start_time", "end_time", "run_name" ->
                Optional.of(
                    new Index(
                        "tracker.run r where r.experiment_id = e.id and r.%s is not null"
                            .formatted(column(field)),
                        "r." + column(field),
                        type(field),
                        "r.number"));
            default -> Optional.empty();
          };
      case METRIC ->
          field.best() == Best.LATEST
              ? Optional.of(
                  new Index(
                      keyed(field, bindings) + " and x.value < 'NaN'",
                      "x.value",
                      Type.NUMBER,
                      "x.run"))
              : Optional.empty();
      case PARAMETER, TAG ->
          Optional.of(new Index(keyed(field, bindings), "x.beginning", Type.TEXT, "x.run"));
      case DATASET, REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE -> Optional.empty();
    };
  }

  private static String keyed(Field field, Bindings bindings) {
    return "tracker.%s x where x.experiment_id = e.id and x.key = %s"
        .formatted(table(field), bindings.add(field.key()));
  }

  /// A query of an index for the numbers of all runs that can match.
  ///
  /// @param exact whether none of them fails the filter
  record Candidates(String sql, boolean exact) {}

  static Optional<Candidates> candidates(Filter filter, Bindings bindings) {
    return switch (filter) {
      case And(var parts) -> Optional.empty();
      case Not(var part) -> Optional.empty();
      case Or(var parts) -> union(parts, bindings);
      case IsNull(var field, var negated) ->
          filter.equals(DELETED)
              ? ofRuns("r.deleted_at is not null")
              : negated ? byKey(field, "", true, bindings) : Optional.empty();
      case Compare compare -> compared(compare, bindings);
      case In(var field, var values, var negated) ->
          negated ? byKey(field, "", false, bindings) : among(field, values, bindings);
    };
  }

  private static Optional<Candidates> union(List<Filter> parts, Bindings bindings) {
    var queries = new ArrayList<String>();
    boolean exact = true;
    for (var part : parts) {
      var candidates = candidates(part, bindings);
      if (candidates.isEmpty()) {
        return Optional.empty();
      }
      queries.add(candidates.get().sql());
      exact &= candidates.get().exact();
    }
    return queries.isEmpty()
        ? Optional.empty()
        : Optional.of(new Candidates(String.join(" union all ", queries), exact));
  }

  private static Optional<Candidates> compared(Compare compare, Bindings bindings) {
    var field = compare.field();
    var operator = compare.operator();
    if (operator == Operator.EQ
        && compare.value() instanceof String text
        && type(field) == Type.TEXT) {
      return among(field, List.of(text), bindings);
    }
    if (field.entity() == Entity.METRIC) {
      boolean exact = field.best() == Best.LATEST && operator != Operator.NE;
      return byKey(
          field,
          exact
              ? " and "
                  + SqlFilter.compare("x.value", Type.NUMBER, operator, compare.value(), bindings)
              : "",
          exact,
          bindings);
    }
    if (field.equals(RunQuery.START_TIME) && operator != Operator.NE) {
      return ofRuns(
          SqlFilter.compare("r.start_time", Type.TIME, operator, compare.value(), bindings));
    }
    return byKey(field, "", false, bindings);
  }

  private static Optional<Candidates> ofRuns(String condition) {
    return Optional.of(
        new Candidates(
            "select r.number as run from tracker.run r where r.experiment_id = any(:experiments) and "
                + condition,
            true));
  }

  /// The runs that have a metric, param or tag of this key.
  private static Optional<Candidates> byKey(
      Field field, String condition, boolean exact, Bindings bindings) {
    return switch (field.entity()) {
      case METRIC, PARAMETER, TAG ->
          Optional.of(
              new Candidates(
                  "select x.run from tracker.%s x where x.experiment_id = any(:experiments) and x.key = %s%s"
                      .formatted(table(field), bindings.add(field.key()), condition),
                  exact && field.best() == Best.LATEST));
      case ATTRIBUTE, DATASET, REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE ->
          Optional.empty();
    };
  }

  private static Optional<Candidates> among(Field field, List<String> values, Bindings bindings) {
    return switch (field.entity()) {
      case PARAMETER, TAG -> {
        var beginnings =
            bindings.add(values.stream().map(RunFields::indexed).toArray(String[]::new));
        boolean whole = values.stream().map(RunFields::indexed).toList().equals(values);
        yield byKey(
            field,
            " and x.beginning = any(%s)".formatted(beginnings)
                + (whole
                    ? ""
                    : " and x.value = any(%s)"
                        .formatted(bindings.add(values.toArray(String[]::new)))),
            // A value of exactly as many characters may be the beginning of a longer one.
            values.stream().allMatch(value -> length(value) < INDEXED_CHARACTERS) || !whole,
            bindings);
      }
      case ATTRIBUTE ->
          switch (field.key()) {
            case "run_id", "run_name", "status" ->
                ofRuns(SqlFilter.in("r." + column(field), values, false, bindings));
            default -> Optional.empty();
          };
      case DATASET ->
          Optional.of(
              new Candidates(
                  "select rd.run from %s where d.experiment_id = any(:experiments) and %s"
                      .formatted(
                          DATASETS, SqlFilter.in(datasetColumn(field), values, false, bindings)),
                  true));
      case METRIC, REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE -> Optional.empty();
    };
  }

  private static int length(String value) {
    return value.codePointCount(0, value.length());
  }

  private static String indexed(String value) {
    return length(value) <= INDEXED_CHARACTERS
        ? value
        : value.substring(0, value.offsetByCodePoints(0, INDEXED_CHARACTERS));
  }
}

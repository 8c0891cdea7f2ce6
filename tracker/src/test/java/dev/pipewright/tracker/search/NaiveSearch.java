package dev.pipewright.tracker.search;

import dev.pipewright.tracker.search.Filter.And;
import dev.pipewright.tracker.search.Filter.Compare;
import dev.pipewright.tracker.search.Filter.In;
import dev.pipewright.tracker.search.Filter.IsNull;
import dev.pipewright.tracker.search.Filter.Not;
import dev.pipewright.tracker.search.Filter.Operator;
import dev.pipewright.tracker.search.Filter.Or;
import dev.pipewright.tracker.search.RunQuery.View;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a search must find, by the plainest means.
final class NaiveSearch {
  private NaiveSearch() {}

  record Metric(double value, @Nullable Double min, @Nullable Double max) {}

  record Dataset(String name, String digest, String context) {}

  record Run(
      String id,
      long number,
      long experiment,
      String name,
      String user,
      String status,
      Instant start,
      @Nullable Instant end,
      boolean deleted,
      Map<String, Metric> metrics,
      Map<String, String> params,
      Map<String, String> tags,
      List<Dataset> datasets) {}

  static List<String> search(List<Run> runs, RunQuery query) {
    return runs.stream()
        .filter(run -> query.experiments().contains(run.experiment))
        .filter(
            run -> query.view() == View.ALL || run.deleted == (query.view() == View.DELETED_ONLY))
        .filter(run -> matches(query.filter(), run))
        .sorted(order(query.order()))
        .map(Run::id)
        .toList();
  }

  private static boolean matches(Filter filter, Run run) {
    return switch (filter) {
      case And(var parts) -> parts.stream().allMatch(part -> matches(part, run));
      case Or(var parts) -> parts.stream().anyMatch(part -> matches(part, run));
      case Not(var part) -> !matches(part, run);
      case IsNull(var field, var negated) -> values(field, run).findAny().isPresent() == negated;
      case In(var field, var values, var negated) ->
          values(field, run).anyMatch(value -> values.contains((String) value) != negated);
      case Compare(var field, var operator, var value) ->
          values(field, run).anyMatch(test(operator, value));
    };
  }

  private static Predicate<Object> test(Operator operator, Object wanted) {
    if (wanted instanceof Double number) {
      return value -> {
        double is =
            value instanceof Instant time ? time.toEpochMilli() : ((Double) value).doubleValue();
        return switch (operator) {
          case EQ -> is == number;
          case NE -> is != number;
          case LT -> is < number;
          case LE -> is <= number;
          case GT -> is > number;
          case GE -> is >= number;
          case LIKE, ILIKE, RLIKE -> throw new AssertionError(operator);
        };
      };
    }
    var text = (String) wanted;
    return switch (operator) {
      case EQ -> text::equals;
      case NE -> value -> !text.equals(value);
      case LIKE -> value -> like(text, 0).matcher((String) value).matches();
      case ILIKE -> value -> like(text, Pattern.CASE_INSENSITIVE).matcher((String) value).matches();
      case RLIKE, LT, LE, GT, GE -> throw new AssertionError(operator);
    };
  }

  private static Pattern like(String like, int flags) {
    var pattern = new StringBuilder();
    for (int i = 0; i < like.length(); i++) {
      char c = like.charAt(i);
      if (c == '\\' && i + 1 < like.length()) {
        pattern.append(Pattern.quote(String.valueOf(like.charAt(++i))));
      } else {
        pattern.append(c == '%' ? ".*" : c == '_' ? "." : Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(pattern.toString(), flags | Pattern.DOTALL);
  }

  private static Stream<Object> values(Field field, Run run) {
    return switch (field.entity()) {
      case ATTRIBUTE ->
          Stream.ofNullable(
              switch (field.key()) {
                case "run_id" -> run.id;
                case "run_name" -> run.name;
                case "user_id" -> run.user;
                case "status" -> run.status;
                case "artifact_uri" -> "mlflow-artifacts:/" + run.id;
                case "start_time" -> run.start;
                case "end_time" -> run.end;
                default -> throw new AssertionError(field);
              });
      case METRIC -> {
        var metric = run.metrics.get(field.key());
        yield metric == null
            ? Stream.empty()
            : Stream.ofNullable(
                switch (field.best()) {
                  case LATEST -> (Object) metric.value;
                  case MIN -> metric.min;
                  case MAX -> metric.max;
                });
      }
      case PARAMETER -> Stream.ofNullable(run.params.get(field.key()));
      case TAG -> Stream.ofNullable(run.tags.get(field.key()));
      case DATASET ->
          run.datasets.stream()
              .map(dataset ->
                  switch (field.key()) {
                    case "name" -> dataset.name;
                    case "digest" -> dataset.digest;
                    case "context" -> dataset.context;
                    default -> throw new AssertionError(field);
                  });
      case REQUEST_METADATA, SPAN, FEEDBACK, EXPECTATION, ISSUE -> throw new AssertionError(field);
    };
  }

  private static Comparator<Run> order(List<OrderBy> keys) {
    return keys.stream().map(NaiveSearch::order).reduce(Comparator::thenComparing).orElseThrow();
  }

  private static Comparator<Run> order(OrderBy key) {
    return (a, b) -> {
      var left = values(key.field(), a).findFirst().orElse(null);
      var right = values(key.field(), b).findFirst().orElse(null);
      int ranks = Integer.compare(rank(left), rank(right));
      if (ranks != 0 || rank(left) != 0) {
        return ranks;
      }
      @SuppressWarnings("unchecked")
      int values = ((Comparable<Object>) left).compareTo(right);
      return key.ascending() ? values : -values;
    };
  }

  private static int rank(@Nullable Object value) {
    return value == null ? 2 : value instanceof Double number && number.isNaN() ? 1 : 0;
  }
}

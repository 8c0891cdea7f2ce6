package dev.pipewright.tracker.search;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A search for runs, read and checked.
///
/// @param order complete: it ends with the run's id, so that no two runs are equal
/// @param after the page token; null for the first page
/// @param digest of everything but the page; a token fits only the query that it came from
public record RunQuery(
    List<Long> experiments,
    Filter filter,
    List<OrderBy> order,
    View view,
    int maxResults,
    @Nullable PageToken after,
    String digest) {
  static final Field START_TIME = new Field(Entity.ATTRIBUTE, "start_time");
  static final Field RUN_ID = new Field(Entity.ATTRIBUTE, "run_id");

  /// Which runs by whether they are deleted.
  public enum View {
    ACTIVE_ONLY,
    DELETED_ONLY,
    ALL
  }

  /// @throws InvalidFilter when the filter, the order or the token cannot be used
  public static RunQuery of(
      List<Long> experiments,
      @Nullable String filter,
      List<String> orderBy,
      View view,
      int maxResults,
      @Nullable String pageToken) {
    var distinct = experiments.stream().distinct().sorted().toList();
    var order = complete(OrderBy.parse(orderBy, FilterSchema.RUNS));
    var parsed = Filter.ALL;
    if (filter != null) {
      parsed = FilterParser.parse(filter, FilterSchema.RUNS);
    }
    var digest = PageToken.digest(List.of(distinct, parsed, order, view));
    return new RunQuery(
        distinct,
        parsed,
        order,
        view,
        maxResults,
        pageToken == null || pageToken.isEmpty()
            ? null
            : PageToken.decode(pageToken, digest, order),
        digest);
  }

  /// Whether it asks for metrics, so that those just logged must be folded first.
  public boolean readsMetrics() {
    return order.stream().anyMatch(key -> key.field().entity() == Entity.METRIC)
        || readsMetrics(filter);
  }

  private static boolean readsMetrics(Filter filter) {
    return switch (filter) {
      case Filter.And(var parts) -> parts.stream().anyMatch(RunQuery::readsMetrics);
      case Filter.Or(var parts) -> parts.stream().anyMatch(RunQuery::readsMetrics);
      case Filter.Not(var part) -> readsMetrics(part);
      case Filter.Compare(var field, var operator, var value) -> field.entity() == Entity.METRIC;
      case Filter.In(var field, var values, var negated) -> field.entity() == Entity.METRIC;
      case Filter.IsNull(var field, var negated) -> field.entity() == Entity.METRIC;
    };
  }

  /// Runs are in the order of their start, newest first, where nothing else tells them apart.
  private static List<OrderBy> complete(List<OrderBy> wanted) {
    var order = new ArrayList<OrderBy>();
    for (var key : wanted) {
      order.add(key);
      if (key.field().equals(RUN_ID)) {
        return List.copyOf(order);
      }
    }
    if (order.stream().noneMatch(key -> key.field().equals(START_TIME))) {
      order.add(new OrderBy(START_TIME, false));
    }
    order.add(new OrderBy(RUN_ID, true));
    return List.copyOf(order);
  }
}

package dev.pipewright.tracker.search;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// One key of an order.
public record OrderBy(Field field, boolean ascending) {
  /// Reads a list of clauses such as ``metrics.`a b` DESC``; each is one key.
  public static List<OrderBy> parse(List<String> clauses, FilterSchema schema) {
    var keys = new ArrayList<OrderBy>(clauses.size());
    var seen = new HashSet<Field>();
    for (var clause : clauses) {
      var key = FilterParser.orderBy(clause, schema);
      if (!seen.add(key.field())) {
        throw new InvalidFilter(
            "`order_by` contains duplicate fields: %s. Name each field once.".formatted(clauses),
            0);
      }
      keys.add(key);
    }
    return List.copyOf(keys);
  }
}

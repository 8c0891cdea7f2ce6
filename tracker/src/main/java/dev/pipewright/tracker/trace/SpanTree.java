package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Sums what the spans of a trace used. A span that says what it used speaks for all below it too.
final class SpanTree {
  static final List<String> TOKENS = List.of("input_tokens", "output_tokens", "total_tokens");
  static final List<String> COSTS = List.of("input_cost", "output_cost", "total_cost");

  private SpanTree() {}

  /// @param used null when the span says nothing
  record Node(String id, @Nullable String parentId, @Nullable JsonNode used) {}

  /// Empty when no span says anything.
  ///
  /// @param keys that are in every sum; others are where a span has them
  static Optional<ObjectNode> sum(List<Node> nodes, List<String> keys) {
    var ids = new HashSet<String>();
    nodes.forEach(node -> ids.add(node.id));
    var children = new HashMap<String, List<Node>>();
    var open = new ArrayDeque<Node>();
    for (var node : nodes) {
      if (node.parentId != null && ids.contains(node.parentId)) {
        children.computeIfAbsent(node.parentId, id -> new ArrayList<>()).add(node);
      } else {
        open.add(node);
      }
    }
    var sum = JsonNodeFactory.instance.objectNode();
    boolean whole = keys.equals(TOKENS);
    keys.forEach(key -> add(sum, key, JsonNodeFactory.instance.numberNode(0), whole));
    boolean found = false;
    while (!open.isEmpty()) {
      var node = open.remove();
      if (node.used instanceof ObjectNode used) {
        found = true;
        used.properties().forEach(each -> add(sum, each.getKey(), each.getValue(), whole));
      } else {
        open.addAll(children.getOrDefault(node.id, List.of()));
      }
    }
    return found ? Optional.of(sum) : Optional.empty();
  }

  private static void add(ObjectNode sum, String key, JsonNode value, boolean whole) {
    if (!value.isNumber()) {
      return;
    }
    if (whole) {
      sum.put(key, sum.path(key).asLong() + value.longValue());
    } else {
      sum.put(key, sum.path(key).asDouble() + value.doubleValue());
    }
  }
}

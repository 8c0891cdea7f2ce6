package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.api.RunOverview;
import dev.pipewright.contract.api.TaskState;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The shape of a graph of tasks: how deep each lies, and which chain of them took longest.
final class Levels {
  /// A task of the document.
  record Node(
      String name,
      List<String> needs,
      TaskState state,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {}

  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Integer> levels = new HashMap<>();

  Levels(Collection<Node> tasks) {
    tasks.forEach(task -> nodes.put(task.name(), task));
    var open = new HashMap<String, Integer>();
    var dependents = new HashMap<String, List<String>>();
    var next = new ArrayDeque<String>();
    for (var node : nodes.values()) {
      var needs = needs(node).toList();
      open.put(node.name(), needs.size());
      needs.forEach(need ->
          dependents.computeIfAbsent(need.name(), key -> new ArrayList<>()).add(node.name()));
      if (needs.isEmpty()) {
        levels.put(node.name(), 0);
        next.add(node.name());
      }
    }
    for (var name = next.poll(); name != null; name = next.poll()) {
      int below = Objects.requireNonNull(levels.get(name)) + 1;
      for (var dependent : dependents.getOrDefault(name, List.of())) {
        levels.merge(dependent, below, Math::max);
        if (open.merge(dependent, -1, Integer::sum) == 0) {
          next.add(dependent);
        }
      }
    }
  }

  private Stream<Node> needs(Node node) {
    return node.needs().stream().distinct().map(nodes::get).filter(Objects::nonNull);
  }

  /// The names of the tasks on some levels, both ends included.
  List<String> between(int from, int to) {
    return nodes.keySet().stream()
        .filter(name -> {
          int level = Objects.requireNonNull(levels.get(name));
          return from <= level && level <= to;
        })
        .toList();
  }

  RunOverview overview() {
    var rows = new ArrayList<List<Node>>();
    for (var node : nodes.values()) {
      int level = Objects.requireNonNull(levels.get(node.name()));
      while (rows.size() <= level) {
        rows.add(new ArrayList<>());
      }
      rows.get(level).add(node);
    }
    var shown = new ArrayList<RunOverview.Level>();
    for (var row : rows) {
      shown.add(level(shown.size(), row));
    }
    return new RunOverview(shown, criticalPath());
  }

  private static RunOverview.Level level(int number, List<Node> row) {
    var counts = new EnumMap<TaskState, Integer>(TaskState.class);
    row.forEach(node -> counts.merge(node.state(), 1, Integer::sum));
    var ended = row.stream().allMatch(node -> node.state().isTerminal());
    return new RunOverview.Level(
        number,
        counts,
        row.stream()
            .map(Node::startedAt)
            .filter(Objects::nonNull)
            .min(Comparator.naturalOrder())
            .orElse(null),
        ended
            ? row.stream()
                .map(Node::endedAt)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElse(null)
            : null);
  }

  private List<RunOverview.Step> criticalPath() {
    var path = new ArrayDeque<RunOverview.Step>();
    var at = last(nodes.values().stream());
    while (at != null) {
      path.addFirst(new RunOverview.Step(at.name(), at.state(), at.startedAt(), at.endedAt()));
      at = last(needs(at));
    }
    return List.copyOf(path);
  }

  /// The one that ended last, of those that did something.
  private static @Nullable Node last(Stream<Node> nodes) {
    return nodes
        .filter(node -> node.startedAt() != null && node.endedAt() != null)
        .max(Comparator.comparing(node -> Objects.requireNonNull(node.endedAt())))
        .orElse(null);
  }
}

package dev.pipewright.language;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Finds tasks that wait for each other, by depth-first search without recursion; linear in tasks
/// and dependencies.
final class Cycles {
  private static final int MOST = 10;

  private Cycles() {}

  /// Some cycles, at least one where there is any. In each, every task comes before the one that
  /// needs it; the last one is needed by the first.
  static List<List<String>> find(Map<String, TaskSpec> tasks) {
    var cycles = new ArrayList<List<String>>();
    var done = new HashSet<String>();
    for (var start : tasks.keySet()) {
      if (done.contains(start)) {
        continue;
      }
      var path = new ArrayList<String>();
      var position = new HashMap<String, Integer>();
      var rest = new ArrayDeque<Iterator<String>>();
      path.add(start);
      position.put(start, 0);
      rest.push(tasks.get(start).needs().iterator());
      while (!rest.isEmpty()) {
        if (!rest.peek().hasNext()) {
          rest.pop();
          var left = path.removeLast();
          position.remove(left);
          done.add(left);
          continue;
        }
        var next = rest.peek().next();
        var at = position.get(next);
        if (at != null) {
          if (cycles.size() < MOST) {
            var cycle = new ArrayList<>(path.subList(at, path.size()));
            // The path goes from a task to what it needs; the data goes the other way.
            Collections.reverse(cycle.subList(1, cycle.size()));
            cycles.add(cycle);
          }
        } else if (!done.contains(next) && tasks.containsKey(next)) {
          path.add(next);
          position.put(next, path.size() - 1);
          rest.push(tasks.get(next).needs().iterator());
        }
      }
    }
    return cycles;
  }
}

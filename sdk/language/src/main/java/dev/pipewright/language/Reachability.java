package dev.pipewright.language;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds tasks that can never run: their condition is false whatever the params, or they need both
/// a branch and what stands in for it. Linear in tasks and dependencies.
final class Reachability {
  /// What is known of a task beyond so many conditions is forgotten: some are not found then.
  private static final int MOST_CONDITIONS = 64;

  private static final int[] ANYTIME = {};

  private final Map<String, TaskSpec> tasks;
  private final List<Unreachable> found = new ArrayList<>();

  /// Tasks with an `else`, from 0; a condition is twice that, and one more where it is false.
  private final Map<String, Integer> branches = new HashMap<>();

  private final List<String> branchNames = new ArrayList<>();

  /// By task, the conditions under which it is looked at, and under which it succeeds; missing
  /// where that never is.
  private final Map<String, int[]> entered = new HashMap<>();

  private final Map<String, int[]> succeeded = new HashMap<>();

  /// A task that can never run, and why.
  record Unreachable(String task, String why, String remedy) {}

  private Reachability(Map<String, TaskSpec> tasks) {
    this.tasks = tasks;
  }

  /// Those that are the cause; tasks that wait for these are not named too.
  ///
  /// @param tasks without cycles
  static List<Unreachable> find(Map<String, TaskSpec> tasks) {
    var search = new Reachability(tasks);
    for (var task : tasks.values()) {
      var other = task.elseOf();
      if (other != null && search.branches.putIfAbsent(other, search.branches.size()) == null) {
        search.branchNames.add(other);
      }
    }
    search.inOrder().forEach(search::visit);
    return search.found;
  }

  /// Each after those it needs.
  private List<TaskSpec> inOrder() {
    var order = new ArrayList<TaskSpec>();
    var open = new HashMap<String, Integer>();
    var successors = new HashMap<String, List<TaskSpec>>();
    var free = new ArrayDeque<TaskSpec>();
    for (var task : tasks.values()) {
      int needed = 0;
      for (var need : task.needs()) {
        if (tasks.containsKey(need)) {
          successors.computeIfAbsent(need, _ -> new ArrayList<>()).add(task);
          needed++;
        }
      }
      if (needed == 0) {
        free.add(task);
      } else {
        open.put(task.name(), needed);
      }
    }
    while (!free.isEmpty()) {
      var task = free.poll();
      order.add(task);
      for (var successor : successors.getOrDefault(task.name(), List.of())) {
        if (open.merge(successor.name(), -1, Integer::sum) == 0) {
          free.add(successor);
        }
      }
    }
    return order;
  }

  private void visit(TaskSpec task) {
    var name = task.name();
    var when = enter(task);
    if (when == null) {
      return;
    }
    entered.put(name, when);
    if (task.when() != null && Boolean.FALSE.equals(task.when().constant())) {
      found.add(
          new Unreachable(
              name,
              "its condition is false whatever the params",
              "Remove the task, or let the condition depend on something."));
      return;
    }
    var branch = branches.get(name);
    succeeded.put(name, branch == null ? when : merged(when, new int[] {2 * branch}));
  }

  /// The conditions under which it is looked at; null where that is never.
  private int @Nullable [] enter(TaskSpec task) {
    int[] conditions = ANYTIME;
    var other = task.elseOf();
    if (other != null && tasks.containsKey(other)) {
      var before = entered.get(other);
      if (before == null) {
        return null;
      }
      var condition = tasks.get(other).when();
      if (condition != null && Boolean.TRUE.equals(condition.constant())) {
        found.add(
            new Unreachable(
                task.name(),
                "the condition of '%s' is true whatever the params".formatted(other),
                "Remove the task, or let that condition depend on something."));
        return null;
      }
      conditions = merged(before, new int[] {2 * branches.get(other) + 1});
    }
    var needs =
        task.needs().stream()
            .filter(need -> !need.equals(other) && tasks.containsKey(need))
            .toList();
    return switch (task.trigger()) {
      case ALL_ENDED -> conditions;
      case ANY_SUCCEEDED -> any(conditions, needs);
      case ALL_SUCCEEDED -> all(task, conditions, needs);
    };
  }

  private int @Nullable [] any(int[] conditions, List<String> needs) {
    var possible = needs.stream().map(succeeded::get).filter(each -> each != null).toList();
    return possible.size() == 1 && conditions.length == 0
        ? possible.getFirst()
        : needs.isEmpty() || !possible.isEmpty() ? conditions : null;
  }

  private int @Nullable [] all(TaskSpec task, int[] conditions, List<String> needs) {
    for (var need : needs) {
      var more = succeeded.get(need);
      if (more == null) {
        return null;
      }
      int against = against(conditions, more);
      if (against >= 0) {
        contradiction(task, needs, against / 2);
        return null;
      }
      conditions = merged(conditions, more);
    }
    return conditions;
  }

  private void contradiction(TaskSpec task, List<String> needs, int branch) {
    var condition = branchNames.get(branch);
    var with = requiring(needs, 2 * branch);
    var without = requiring(needs, 2 * branch + 1);
    found.add(
        new Unreachable(
            task.name(),
            "it needs %s and %s, but only one of them runs: it depends on the condition of '%s'"
                .formatted(
                    with == null ? "that condition to be true" : "'" + with + "'",
                    without == null ? "'" + condition + "' to be skipped" : "'" + without + "'",
                    condition),
            "Join branches with 'trigger: any-succeeded'."));
  }

  private @Nullable String requiring(List<String> needs, int condition) {
    for (var need : needs) {
      var conditions = succeeded.get(need);
      if (conditions != null && Arrays.binarySearch(conditions, condition) >= 0) {
        return need;
      }
    }
    return null;
  }

  /// A condition of the first that the second has the other way round; -1 for none.
  private static int against(int[] first, int[] second) {
    for (int condition : second) {
      if (Arrays.binarySearch(first, condition ^ 1) >= 0) {
        return condition;
      }
    }
    return -1;
  }

  /// Shared where one says it all, which is nearly always.
  private static int[] merged(int[] first, int[] second) {
    if (second.length == 0 || Arrays.equals(first, second)) {
      return first;
    }
    if (first.length == 0) {
      return second;
    }
    Set<Integer> all = new HashSet<>();
    Arrays.stream(first).forEach(all::add);
    Arrays.stream(second).forEach(all::add);
    return all.stream().mapToInt(Integer::intValue).sorted().limit(MOST_CONDITIONS).toArray();
  }
}

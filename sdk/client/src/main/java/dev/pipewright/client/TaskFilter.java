package dev.pipewright.client;

import dev.pipewright.contract.api.TaskOrder;
import dev.pipewright.contract.api.TaskState;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which tasks of a run are wanted, and how they are sorted.
///
/// @param group only instances of this task; null for any
/// @param states only tasks in one of these; empty for any
/// @param search what the name contains, in whichever case; null for any
/// @param leaves without those that stand for their instances
public record TaskFilter(
    @Nullable String group,
    Set<TaskState> states,
    @Nullable String search,
    boolean leaves,
    TaskOrder order) {
  /// All of them, in the document's order.
  public static final TaskFilter ALL =
      new TaskFilter(null, Set.of(), null, false, TaskOrder.DOCUMENT);

  public TaskFilter {
    states = Set.copyOf(states);
  }

  /// Those that did something themselves, in one of these states, the newest first.
  public static TaskFilter newest(TaskState... states) {
    return new TaskFilter(null, Set.of(states), null, true, TaskOrder.NEWEST);
  }
}

package dev.pipewright.language;

import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A task of which only that is known yet which the others may name.
///
/// @param section its keys
/// @param takes what it can be given; null where that is not laid down
/// @param outputs of one instance
/// @param open whether nothing is known of its outputs
/// @param impure whether what it does is more than its outputs
/// @param work as far as it is known; null for a command and an approval
/// @param approval null for all but an approval
record Shell(
    String name,
    boolean isFinally,
    Section section,
    @Nullable Takes takes,
    Map<String, TaskLaunch.Output> outputs,
    boolean open,
    boolean impure,
    @Nullable Work work,
    @Nullable Questions approval) {

  /// What a task can be given.
  ///
  /// @param label whose inputs they are
  record Takes(String label, Map<String, Input> inputs) {}

  /// @param choices all texts that it may be; none where it may be any
  record Input(
      ValueType type, boolean required, @Nullable String description, List<String> choices) {}

  /// The approval's own map, and what it asks for.
  record Questions(Section section, Map<String, Work.Approval.Input> inputs) {}

  /// Its outputs as other tasks see them.
  Scope.Outputs seen() {
    if (section.has("study")) {
      var more = new LinkedHashMap<>(outputs);
      more.put(TaskStudy.BEST, new TaskLaunch.Output(ValueType.JSON, null, true));
      more.put(TaskStudy.BEST_VALUE, new TaskLaunch.Output(ValueType.DOUBLE, null, true));
      more.put(TaskStudy.BEST_TRIAL, new TaskLaunch.Output(ValueType.INT, null, true));
      return new Scope.Outputs(more, false, false, open);
    }
    boolean matrix = section.has("matrix");
    return new Scope.Outputs(outputs, matrix, matrix && section.has("minSuccess"), open);
  }
}

package dev.pipewright.language;

import dev.pipewright.contract.task.TaskLaunch;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A task of a pipeline.
///
/// @param inputs by name, from `with` or `inputs`, with the defaults of a built-in task left out
/// @param outputs by name, of one instance: of a built-in task those of its signature, of a call
///   those of the pipeline
/// @param needs the tasks it waits for, named or because their outputs are used, in the order of
///   the document
/// @param when whether it runs; null means always
/// @param elseOf it runs when this task's condition was false; null for most
/// @param matrix null where it runs once
/// @param loop null where it runs once
/// @param study null where it runs once
/// @param timeout of an attempt while it runs; null for none
/// @param pendingTimeout how long it may wait from when it may start until it runs; null for ever
/// @param priority added to the run's; higher first
/// @param pools how much it takes of which named pool while it runs
/// @param image the container image on a cluster; null for the launcher's own
/// @param isFinally whether it runs when all others have ended
public record TaskSpec(
    String name,
    Work work,
    Map<String, Value> inputs,
    Map<String, TaskLaunch.Output> outputs,
    List<String> needs,
    Trigger trigger,
    @Nullable Expression when,
    @Nullable String elseOf,
    @Nullable Matrix matrix,
    @Nullable TaskLoop loop,
    @Nullable TaskStudy study,
    Retry retry,
    @Nullable Duration timeout,
    @Nullable Duration pendingTimeout,
    Cache cache,
    int priority,
    Map<String, Integer> pools,
    Map<String, Env> env,
    @Nullable String image,
    Resources resources,
    boolean isFinally) {
  public TaskSpec {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    needs = List.copyOf(needs);
    pools = Collections.unmodifiableMap(new LinkedHashMap<>(pools));
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
  }

  /// The pipeline's files that are laid into its working folder.
  public List<String> files() {
    return work instanceof Work.Command command ? command.files() : List.of();
  }

  /// Whether it stands for several runs of the same work.
  public boolean isGroup() {
    return matrix != null || loop != null || study != null;
  }
}

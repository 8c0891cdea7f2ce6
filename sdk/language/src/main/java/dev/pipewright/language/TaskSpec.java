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
/// @param uses the built-in task; null where there is a command
/// @param command empty where there is `uses`
/// @param inputs by name, from `with` or `inputs`, with the defaults of a built-in task left out
/// @param outputs by name; of a built-in task, those of its signature
/// @param needs the tasks it waits for, named or because their outputs are used, in the order of
///   the document
/// @param when whether it runs; null means always
/// @param timeout null for none
/// @param files of the pipeline that are laid into its working folder
/// @param image the container image on a cluster; null for the launcher's own
public record TaskSpec(
    String name,
    @Nullable String uses,
    List<String> command,
    Map<String, Value> inputs,
    Map<String, TaskLaunch.Output> outputs,
    List<String> needs,
    @Nullable Expression when,
    Retry retry,
    @Nullable Duration timeout,
    List<String> files,
    Map<String, String> env,
    @Nullable String image,
    Resources resources) {
  public TaskSpec {
    command = List.copyOf(command);
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    needs = List.copyOf(needs);
    files = List.copyOf(files);
    env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
  }

  /// What it does, for people: the built-in task, or the command in one line.
  public String kind() {
    return uses != null ? uses : String.join(" ", command).replaceAll("\\s+", " ").strip();
  }
}

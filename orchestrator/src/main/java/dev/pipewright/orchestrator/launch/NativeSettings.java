package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.TaskLaunch;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What native code inside a built-in task's own JVM reads from its environment. It is read when
/// the libraries are loaded, so it has to be there before the JVM starts. A task's own `env` comes
/// after it and wins.
final class NativeSettings {
  private NativeSettings() {}

  static void put(Map<String, String> environment, TaskLaunch launch, HomeFolder home) {
    // OpenMP's threads spin while they wait for each other. More of them than cores that are free
    // make native learners tens of times slower, so a task has as many as it asked for, and those
    // that wait sleep.
    environment.put("OMP_NUM_THREADS", Integer.toString(threads(launch.limits().cpu())));
    environment.put("OMP_WAIT_POLICY", "passive");
    // A GPU that it was not given may be another task's.
    environment.put(
        "CUDA_VISIBLE_DEVICES",
        launch.limits().gpus().stream().map(String::valueOf).collect(Collectors.joining(",")));
    // DJL would else fetch what it lacks, and say elsewhere that it was used.
    environment.put("DJL_OFFLINE", "true");
    environment.put("OPT_OUT_TRACKING", "true");
    environment.putIfAbsent("DJL_CACHE_DIR", home.nativeLibraries().toString());
  }

  private static int threads(@Nullable Double cores) {
    return cores == null ? 1 : Math.max(1, (int) Math.floor(cores));
  }
}

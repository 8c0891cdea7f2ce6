package dev.pipewright.contract.task;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All that a runner is told about the attempt it is to run. It is kept as `launch.json` in the
/// attempt's folder (locally) or handed over as a mounted file (on a cluster).
///
/// @param attemptId a UUID; unique for ever
/// @param attempt from 1
/// @param trackedRunId the run this attempt logs into
/// @param parentRunId the tracked run of the PipelineRun
/// @param uses a built-in task such as `pipewright/split@v1`; null when there is a command
/// @param command what to execute; empty when there is `uses`
/// @param inputs by name, the values with every expression resolved; data is a [DataRef]
/// @param outputs what the task must leave behind, by name
/// @param files files of the pipeline version to lay into the working folder, by path
/// @param env further environment variables
/// @param checkpoints the folder that all attempts of this task share
/// @param timeoutMillis how long the work may take; null for ever
/// @param stopRequested whether it is to stop before it starts: it then only reports that
/// @param trackerUrl base address of the tracker, without a slash at the end
/// @param kafkaBootstrap `host:port`, comma-separated
/// @param secrets environment variables that are secrets, each with the secret's name; the values
///   are never here
/// @param isolated whether a built-in task gets a process of its own
/// @param graceMillis how long it may go on after it was asked to stop
/// @param watchedMetric the metric whose points the orchestrator wants to know of; null for none
public record TaskLaunch(
    String attemptId,
    int attempt,
    String pipeline,
    int pipelineVersion,
    String pipelineRunId,
    String task,
    String trackedRunId,
    String parentRunId,
    String experiment,
    @Nullable String uses,
    List<String> command,
    Map<String, JsonNode> inputs,
    Map<String, Output> outputs,
    List<DataRef.FileRef> files,
    Map<String, String> env,
    String checkpoints,
    @Nullable Long timeoutMillis,
    boolean stopRequested,
    String trackerUrl,
    String kafkaBootstrap,
    Map<String, String> secrets,
    boolean isolated,
    long graceMillis,
    Limits limits,
    @Nullable String watchedMetric) {

  public TaskLaunch {
    command = List.copyOf(command);
    inputs = Map.copyOf(inputs);
    outputs = Map.copyOf(outputs);
    files = List.copyOf(files);
    env = Map.copyOf(env);
    secrets = Map.copyOf(secrets);
  }

  /// What it may use of the machine.
  ///
  /// @param cpu cores; null for all
  /// @param memory bytes; null for no limit
  /// @param gpus the numbers of the devices that are its alone
  public record Limits(@Nullable Double cpu, @Nullable Long memory, List<Integer> gpus) {
    /// No limit but the machine's, and no GPU.
    public static final Limits NONE = new Limits(null, null, List.of());

    public Limits {
      gpus = List.copyOf(gpus);
    }
  }

  /// A declared output.
  ///
  /// @param path where the task writes it, relative to its working folder; null means
  ///   `$PIPEWRIGHT_OUTPUTS/<name>`. A scalar is the file's text; data is the file or folder itself
  /// @param required whether success without it is a failure
  public record Output(ValueType type, @Nullable String path, boolean required) {}
}

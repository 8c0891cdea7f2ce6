package dev.pipewright.runner;

import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// What a built-in task is given. Whatever it says here goes to the local spool and returns at
/// once; the work never waits for the network. Standard output and error become the run's log.
public interface TaskContext {
  TaskLaunch launch();

  /// The scalar input of this name as text; empty when it was not given.
  Optional<String> text(String input);

  /// The scalar input of this name; empty when it was not given.
  Optional<Double> number(String input);

  /// The scalar input of this name; empty when it was not given.
  Optional<Boolean> flag(String input);

  /// What the task's `env` sets this variable to, the value of a secret included; empty where it
  /// does not.
  ///
  /// @throws dev.pipewright.contract.ProblemException SECRET_NOT_FOUND
  Optional<String> variable(String name);

  /// The data input as it was passed.
  ///
  /// @throws dev.pipewright.contract.ProblemException INPUT_MISSING when it was not given
  DataRef data(String input);

  /// The data input as a local, read-only file, or a folder where it has several files or is a
  /// model.
  ///
  /// @throws dev.pipewright.contract.ProblemException INPUT_MISSING when it was not given
  Path staged(String input);

  /// Sets a scalar output (text, number or boolean). A dataset or artifact output is a file written
  /// to [#outputs].
  void output(String name, Object scalar);

  /// Sets a data output to something that exists already, such as a model from [#logModel].
  void output(String name, DataRef data);

  /// Where data outputs are written, each under its output's name (a file or a folder). A file may
  /// carry an extension: the output `train` may be the file `train.csv`.
  Path outputs();

  /// Every file below is captured as an artifact of the run under its relative path.
  Path artifacts();

  /// Stays the same over all attempts of this task in this pipeline run.
  Path checkpoints();

  void logParam(String key, Object value);

  void logTag(String key, String value);

  /// One point. Points of one key may come in any order of steps.
  void logMetric(String key, long step, double value);

  /// One point, measured on a logged model.
  void logMetric(String key, long step, double value, String modelId);

  /// Says that a dataset was read.
  ///
  /// @param role `train`, `test` or `input`
  /// @param rows how many rows it has, without the header
  void logDataset(DataRef dataset, String role, long rows);

  /// Captures a folder as a logged model and its files as artifacts under `models/<name>/`.
  ///
  /// @param name of the model, such as `model`
  /// @param flavor what can load it, such as `xgboost`
  /// @param folder with the model's files; captured as it is now
  /// @param params the settings it was made with
  /// @return the reference to hand on; its modelId and runId are set
  DataRef logModel(String name, String flavor, Path folder, Map<String, String> params);

  /// Whether the task was asked to stop (SIGTERM). Long work looks at it between steps and throws
  /// an [InterruptedException].
  boolean cancelled();
}

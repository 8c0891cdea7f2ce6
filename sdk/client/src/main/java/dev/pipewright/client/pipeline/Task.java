package dev.pipewright.client.pipeline;

import dev.pipewright.contract.task.ValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A task of a pipeline: a built-in one ([#uses]), a program ([#command]), another pipeline
/// ([#call]) or a question to a person ([#approval]).
///
/// @param <T> the sort of task, which each method returns again
public abstract sealed class Task<T extends Task<T>> permits Task.Approval, Task.Work {
  final Map<String, Object> keys = new LinkedHashMap<>();

  private Task() {}

  /// A built-in task.
  ///
  /// @param name with its version, such as `pipewright/split@v1`
  public static Builtin uses(String name) {
    return new Builtin(name);
  }

  /// A program, run without a shell.
  public static Command command(String program, String... arguments) {
    return new Command(program, arguments);
  }

  /// Another pipeline, in the version that is the latest when this one is applied.
  public static Call call(String pipeline) {
    return new Call(pipeline);
  }

  /// One version of another pipeline.
  public static Call call(String pipeline, int version) {
    return new Call(pipeline + "@" + version);
  }

  /// Waits for a person, whose answer the tasks that need it see: `approved`, `by`, `comment` and
  /// every input.
  ///
  /// @param message what the person is asked; expressions may be in it
  public static Approval approval(String message) {
    return new Approval(message);
  }

  abstract T self();

  /// The tasks it waits for, beside those whose outputs it uses.
  public T needs(String... tasks) {
    @SuppressWarnings("unchecked")
    var needs = (List<Object>) keys.computeIfAbsent("needs", _ -> new ArrayList<>());
    needs.addAll(List.of(tasks));
    return self();
  }

  /// When it starts, of what came of the tasks it needs; [Trigger#ALL_SUCCEEDED] unless said
  /// otherwise.
  public T trigger(Trigger trigger) {
    keys.put("trigger", trigger.word());
    return self();
  }

  /// It is skipped when this is false.
  ///
  /// @param condition gives a bool
  public T when(Expr condition) {
    keys.put("when", condition.toString());
    return self();
  }

  /// It runs when that task was skipped by its own condition.
  public T elseOf(String task) {
    keys.put("else", task);
    return self();
  }

  Map<String, Object> written() {
    return keys;
  }

  /// A task that does something, which may be done several times.
  ///
  /// @param <T> the sort of task
  public abstract static sealed class Work<T extends Work<T>> extends Task<T>
      permits Call, Process {
    private Work() {}

    /// Runs it once for each of the values, and for each combination with the other axes.
    ///
    /// @param values texts, numbers, bools, lists, maps, JSON or expressions
    public T matrix(String axis, List<?> values) {
      Written.once(
          Written.below(keys, "matrix"), axis, Written.value(values, "the axis " + axis), "axis");
      return self();
    }

    /// As [#matrix(String, List)], for a list that is only known in the run.
    public T matrix(String axis, Expr values) {
      Written.once(Written.below(keys, "matrix"), axis, values.toString(), "axis");
      return self();
    }

    /// How many combinations run at once; no limit unless said otherwise.
    public T maxParallel(int combinations) {
      keys.put("maxParallel", (long) combinations);
      return self();
    }

    /// The share of the combinations that must succeed, from 0 to 1; 1 unless said otherwise.
    public T minSuccess(double share) {
      keys.put("minSuccess", share);
      return self();
    }

    /// Runs it again and again until the condition holds; it fails when it does not after so many
    /// iterations.
    ///
    /// @param until gives a bool, over `loop.outputs` and `loop.iteration`, from 1
    /// @param limit up to 10,000
    public T loop(Expr until, int limit) {
      var loop = new LinkedHashMap<String, Object>();
      loop.put("until", until.toString());
      loop.put("limit", (long) limit);
      keys.put("loop", loop);
      return self();
    }

    /// As [#loop], but the limit is a good end too.
    public T loopAtMost(Expr until, int limit) {
      loop(until, limit);
      Written.below(keys, "loop").put("onLimit", "succeed");
      return self();
    }

    /// Runs it as the trials of a search for good params. Its outputs are then those of the best
    /// trial, and `best` (the params), `bestValue` and `bestTrial`.
    public T study(Search search) {
      keys.put("study", search.written());
      return self();
    }

    /// Further attempts after failures.
    public T retry(Retry retry) {
      keys.put("retry", retry.written());
      return self();
    }

    /// Higher ones start first, from -1000 to 1000; it is added to the run's.
    public T priority(int priority) {
      keys.put("priority", (long) priority);
      return self();
    }
  }

  /// A task that runs as a process.
  ///
  /// @param <T> the sort of task
  public abstract static sealed class Process<T extends Process<T>> extends Work<T>
      permits Builtin, Command {
    private Process() {}

    /// How long an attempt may run.
    ///
    /// @param limit whole milliseconds, at most 366 days
    public T timeout(Duration limit) {
      keys.put("timeout", Written.span(limit));
      return self();
    }

    /// How long it may wait from when it may start until it runs.
    public T pendingTimeout(Duration limit) {
      keys.put("pendingTimeout", Written.span(limit));
      return self();
    }

    /// Whether it may take the outputs of an earlier attempt with the same inputs, code and image.
    public T cache(boolean on) {
      keys.put("cache", on);
      return self();
    }

    /// As [#cache], of outputs that are no older.
    public T cacheFor(Duration maxAge) {
      keys.put("cache", new LinkedHashMap<>(Map.of("maxAge", Written.span(maxAge))));
      return self();
    }

    /// It does something beside its outputs, so it is never taken from the cache.
    public T impure() {
      keys.put("impure", true);
      return self();
    }

    /// Takes one from a named pool of the server while it runs.
    public T pool(String name) {
      return pool(name, 1);
    }

    /// Takes so many from a named pool of the server while it runs.
    public T pool(String name, int count) {
      Written.once(Written.below(keys, "pools"), name, (long) count, "pool");
      return self();
    }

    /// An environment variable. No expressions: take an input.
    public T env(String name, String value) {
      Written.once(Written.below(keys, "env"), name, value, "variable");
      return self();
    }

    /// An environment variable with a secret of the server in it; only the name is ever kept.
    public T secret(String name, String secret) {
      Written.once(
          Written.below(keys, "env"),
          name,
          new LinkedHashMap<>(Map.of("secret", secret)),
          "variable");
      return self();
    }

    /// The container image, on a cluster.
    public T image(String image) {
      keys.put("image", image);
      return self();
    }

    /// @param cores above 0
    public T cpu(double cores) {
      Written.below(keys, "resources").put("cpu", cores);
      return self();
    }

    /// @param quantity as Kubernetes writes it: `512Mi`, `4Gi`
    public T memory(String quantity) {
      Written.below(keys, "resources").put("memory", quantity);
      return self();
    }

    /// @param count how many GPUs
    public T gpu(int count) {
      Written.below(keys, "resources").put("gpu", (long) count);
      return self();
    }

    /// @param type such as `nvidia-h100`
    public T gpu(int count, String type) {
      gpu(count);
      Written.below(keys, "resources").put("gpuType", type);
      return self();
    }

    /// How many machines work on it together.
    public T nodes(int count) {
      Written.below(keys, "resources").put("nodes", (long) count);
      return self();
    }
  }

  /// A built-in task.
  public static final class Builtin extends Process<Builtin> {
    private Builtin(String name) {
      keys.put("uses", name);
    }

    /// Sets an input.
    ///
    /// @param value a text (with expressions in it, maybe), number, bool, list, map, JSON, or an
    ///   expression
    public Builtin with(String input, Object value) {
      Written.once(
          Written.below(keys, "with"), input, Written.value(value, "the input " + input), "input");
      return this;
    }

    @Override
    Builtin self() {
      return this;
    }
  }

  /// A program.
  public static final class Command extends Process<Command> {
    private Command(String program, String... arguments) {
      var words = new ArrayList<Object>();
      words.add(program);
      words.addAll(List.of(arguments));
      keys.put("command", words);
    }

    /// What the program finds in `$PIPEWRIGHT_INPUTS/<name>`: a scalar as text, data as a file or
    /// folder, a list of data as a folder with 0, 1, …
    ///
    /// @param value as for [Builtin#with]
    public Command input(String name, Object value) {
      Written.once(
          Written.below(keys, "inputs"), name, Written.value(value, "the input " + name), "input");
      return this;
    }

    /// What it must leave in `$PIPEWRIGHT_OUTPUTS/<name>`.
    public Command output(String name, ValueType type) {
      return output(name, type, null, true);
    }

    /// What it must leave behind.
    ///
    /// @param path below its working folder
    public Command output(String name, ValueType type, String path) {
      return output(name, type, path, true);
    }

    /// What it may leave in `$PIPEWRIGHT_OUTPUTS/<name>`.
    public Command optionalOutput(String name, ValueType type) {
      return output(name, type, null, false);
    }

    /// What it may leave behind.
    ///
    /// @param path below its working folder
    public Command optionalOutput(String name, ValueType type, String path) {
      return output(name, type, path, false);
    }

    private Command output(String name, ValueType type, @Nullable String path, boolean required) {
      var output = new LinkedHashMap<String, Object>();
      output.put("type", type.word());
      if (path != null) {
        output.put("path", path);
      }
      if (!required) {
        output.put("required", false);
      }
      Written.once(Written.below(keys, "outputs"), name, output, "output");
      return this;
    }

    /// Files that it needs, as paths below the pipeline's folder.
    public Command files(String... paths) {
      @SuppressWarnings("unchecked")
      var files = (List<Object>) keys.computeIfAbsent("files", _ -> new ArrayList<>());
      files.addAll(List.of(paths));
      return this;
    }

    @Override
    Command self() {
      return this;
    }
  }

  /// Another pipeline, run as a task.
  public static final class Call extends Work<Call> {
    private Call(String pipeline) {
      keys.put("pipeline", pipeline);
    }

    /// Sets a param of the pipeline.
    ///
    /// @param value as for [Builtin#with]
    public Call with(String param, Object value) {
      Written.once(
          Written.below(keys, "with"), param, Written.value(value, "the param " + param), "param");
      return this;
    }

    @Override
    Call self() {
      return this;
    }
  }

  /// A question to a person.
  public static final class Approval extends Task<Approval> {
    private final Map<String, Object> approval = new LinkedHashMap<>();

    private Approval(String message) {
      approval.put("message", message);
      keys.put("approval", approval);
    }

    /// What the person fills in; an output of the task.
    ///
    /// @param input of a scalar type: [Param#string], [Param#integer], [Param#decimal],
    ///   [Param#bool]
    public Approval ask(String name, Param input) {
      Written.once(Written.below(approval, "inputs"), name, input.written(), "input");
      return this;
    }

    /// How long there is for an answer; the task fails when nobody has answered by then.
    public Approval deadline(Duration time) {
      approval.put("deadline", Written.span(time));
      return this;
    }

    /// As [#deadline], but no answer is a yes. Every input must have a default then.
    public Approval approvedAfter(Duration time) {
      deadline(time);
      approval.put("onDeadline", "approve");
      return this;
    }

    @Override
    Approval self() {
      return this;
    }
  }
}

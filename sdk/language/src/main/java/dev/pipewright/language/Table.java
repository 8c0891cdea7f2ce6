package dev.pipewright.language;

import dev.pipewright.contract.task.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The keys that one sort of map in a document may have.
///
/// @param id its name in the schema
/// @param owner for messages: `a pipeline`
record Table(String id, String owner, String description, List<Kind.Key> keys) {
  static final int MOST_TASKS = 100_000;
  static final int MOST_COMBINATIONS = 10_000;
  static final int MOST_ITERATIONS = 10_000;
  static final int MOST_RETRIES = 100;
  static final int MOST_PRIORITY = 1000;

  private static final List<String> TYPES =
      Stream.of(ValueType.values()).map(ValueType::word).toList();
  static final List<String> SCALARS = List.of("string", "int", "double", "bool");
  static final List<String> POLICIES = List.of("allow", "queue", "forbid", "replace");
  static final List<String> TRIGGERS = Stream.of(Trigger.values()).map(Trigger::word).toList();
  static final Pattern MEMORY = Pattern.compile("\\d{1,12}(\\.\\d{1,6})?(k|M|G|T|Ki|Mi|Gi|Ti)?");
  static final Pattern CALL =
      Pattern.compile("(" + Naming.PIPELINE.pattern().pattern() + ")(?:@([1-9]\\d{0,8}))?");

  static final Kind.Whole POOL_SHARE = new Kind.Whole(1, 1_000_000);
  private static final Kind TYPE = new Kind.Choice(TYPES);

  static final Table PARAM =
      table("param", "a param", "What a run is started with.")
          .must("type", TYPE, "What values it takes.")
          .may(
              "default",
              new Kind.Literal(),
              "Its value where a run does not give one. Without it, each run must.")
          .may("description", Kind.TEXT, "For people.")
          .end();

  static final Table OUTPUT =
      table("output", "an output", "What a command leaves behind.")
          .must("type", TYPE, "What it is.")
          .may(
              "path",
              Kind.TEXT,
              "Where the command writes it, below its working folder. Without it: $PIPEWRIGHT_OUTPUTS/<name>.")
          .may("required", Kind.FLAG, "true", "Whether success without it is a failure.")
          .end();

  static final Table CONCURRENCY =
      table("concurrency", "'concurrency'", "How many runs of the pipeline there may be at once.")
          .must(
              "policy",
              new Kind.Choice(POLICIES),
              "What becomes of one more: 'allow' it (no limit), 'queue' it, 'forbid' it, or let it 'replace' the oldest.")
          .may("limit", new Kind.Whole(1, 10_000), "1", "How many there may be.")
          .end();

  static final Table RETENTION =
      table(
              "retention",
              "'retention'",
              "Which runs that have ended are kept; the others are deleted in time.")
          .may("keepLast", new Kind.Whole(1, 1_000_000), "The newest of them, as many, are kept.")
          .may("olderThan", Kind.SPAN, "Those that ended less long ago are kept.")
          .end();

  static final Table LOOP =
      table("loop", "'loop'", "Runs the task again and again, one iteration after the other.")
          .must(
              "until",
              Kind.EXPRESSION,
              "Looked at after each iteration; true ends the loop. loop.outputs.<output> are the iteration's, loop.iteration counts from 1.")
          .may("limit", new Kind.Whole(1, MOST_ITERATIONS), "10", "The most iterations.")
          .may(
              "onLimit",
              new Kind.Choice(List.of("fail", "succeed")),
              "fail",
              "What the task is when the limit is reached and the condition is still false.")
          .end();

  static final Table STUDY =
      table(
              "study",
              "'study'",
              "Runs the task as the trials of a search for good params. Its outputs are those of the best trial, and best (its params), bestValue and bestTrial (its number).")
          .must(
              "space",
              new Kind.Literal(),
              "The params to choose, by name: {type: double, low: 1e-5, high: 0.1, log: true}, {type: int, low: 8, high: 256, step: 8} or {values: [a, b]}, each with when: {other: [value]} where it depends on another one. trial.params.<name> are the trial's.")
          .must("objective", Kind.TEXT, "The output to optimise, a double or an int.")
          .may(
              "direction",
              new Kind.Choice(List.of("minimize", "maximize")),
              "minimize",
              "Where the objective should go.")
          .must("trials", new Kind.Whole(1, MOST_ITERATIONS), "How many trials there are.")
          .may("parallel", new Kind.Whole(1, MOST_TASKS), "1", "How many of them run at once.")
          .may(
              "sampler",
              new Kind.Literal(),
              "tpe, random, grid or cmaes, or {type: tpe, …} with settings; tpe without it.")
          .may(
              "pruner",
              new Kind.Literal(),
              "Stops trials early by the metric that they log: median, percentile, halving, asha, hyperband or patience, or {type: asha, min: 1, max: 81, eta: 3} with settings. asha and hyperband pause trials and let the best go on from their checkpoints.")
          .may(
              "metric",
              Kind.TEXT,
              "The metric that the pruner looks at, where it is not called as the objective.")
          .may(
              "seed",
              new Kind.Whole(0, Integer.MAX_VALUE),
              "0",
              "Makes the same trials again where one runs at a time.")
          .may(
              "maxFailed",
              new Kind.Whole(0, MOST_TASKS),
              "How many trials may fail; without it the task fails only when all do.")
          .end();

  static final Table RETRY =
      table(
              "retry",
              "'retry'",
              "Further attempts after failures: the task's own by 'limit', the system's (a lost machine) by 'system'.")
          .may(
              "limit",
              new Kind.Whole(0, MOST_RETRIES),
              "0",
              "How many more attempts after failures of the task's own.")
          .may("backoff", Kind.SPAN, "10s", "The wait before the first of them.")
          .may(
              "factor",
              new Kind.Decimal(1, 100, false),
              "2",
              "What each further wait is multiplied by.")
          .may("maxBackoff", Kind.SPAN, "5m", "The longest wait.")
          .may(
              "jitter",
              new Kind.Decimal(0, 1, false),
              "0.1",
              "The share of a wait that is left to chance, so that not all come back at once.")
          .may(
              "when",
              Kind.EXPRESSION,
              "Which of the task's own failures are worth another attempt. failure.exitCode, failure.code, failure.message and failure.attempt say what happened.")
          .may(
              "system",
              new Kind.Whole(0, MOST_RETRIES),
              "3",
              "How many more attempts after failures of the system's; these never count against 'limit'.")
          .end();

  static final Table CACHE =
      table("cache", "'cache'", "Takes the outputs of an earlier attempt with the same inputs.")
          .must("maxAge", Kind.SPAN, "How old the outputs may be.")
          .end();

  static final Table SECRET =
      table("secret", "a variable", "A secret of the server, by its name.")
          .must(
              "secret",
              new Kind.Named(Naming.SECRET),
              "The name. The server has its value in PIPEWRIGHT_SECRET_<NAME> or in secrets/<NAME> of its home folder.")
          .end();

  static final Table RESOURCES =
      table("resources", "'resources'", "What the task asks of the machine it runs on.")
          .may("cpu", new Kind.Decimal(0, 10_000, true), "Cores, such as 2 or 0.5.")
          .may("memory", new Kind.Form(MEMORY), "A quantity, such as 512Mi or 4Gi.")
          .may("gpu", new Kind.Whole(0, 1024), "How many GPUs.")
          .may("gpuType", Kind.TEXT, "Which GPU, such as nvidia-h100.")
          .may("nodes", new Kind.Whole(1, 10_000), "How many machines work on it together.")
          .end();

  static final Table QUESTION =
      table("question", "an input of an approval", "What the person who approves is asked for.")
          .must("type", new Kind.Choice(SCALARS), "What values it takes.")
          .may(
              "default",
              new Kind.Literal(),
              "Its value where the person gives none. Without it, they must.")
          .may("description", Kind.TEXT, "For people.")
          .end();

  static final Table APPROVAL =
      table(
              "approval",
              "'approval'",
              "Waits for a person. Its outputs are approved, by, comment and every input.")
          .must("message", Kind.TEMPLATE, "What the person is asked.")
          .may(
              "inputs",
              new Kind.Entries(Naming.QUESTION, new Kind.Part(QUESTION), 0),
              "What the person fills in, by name; each is an output of the task.")
          .may("deadline", Kind.SPAN, "How long there is for an answer; for ever without it.")
          .may(
              "onDeadline",
              new Kind.Choice(List.of("fail", "approve")),
              "fail",
              "What becomes of it when nobody has answered by then.")
          .end();

  private static final List<Kind.Key> ORDER =
      shared()
          .may(
              "needs",
              new Kind.Items(new Kind.Named(Naming.TASK), 0),
              "Tasks to wait for. A task whose outputs are used is waited for anyway.")
          .may(
              "trigger",
              new Kind.Choice(TRIGGERS),
              "all-succeeded",
              "When it starts, of the tasks it needs, once all of them have ended: when all succeeded; when any succeeded and none failed, skipped ones not counting; or whatever came of them.")
          .may("when", Kind.EXPRESSION, "The task is skipped when it is false.")
          .may(
              "else",
              new Kind.Named(Naming.TASK),
              "A task with a 'when': this one runs when that condition was false.")
          .list();

  private static final List<Kind.Key> MANY =
      shared()
          .may(
              "matrix",
              new Kind.Entries(
                  Naming.AXIS,
                  new Kind.Either(List.of(new Kind.Items(Kind.ANY, 1), Kind.EXPRESSION)),
                  1),
              "Runs the task once for every combination: each axis is a list, or an expression of one. matrix.<axis> and matrix.index are the combination's; the outputs become lists.")
          .may(
              "maxParallel",
              new Kind.Whole(1, MOST_TASKS),
              "How many combinations run at once; no limit without it.")
          .may(
              "minSuccess",
              new Kind.Decimal(0, 1, false),
              "1",
              "The share of the combinations that must succeed.")
          .may("loop", new Kind.Part(LOOP), LOOP.description)
          .may("study", new Kind.Part(STUDY), STUDY.description)
          .may("retry", new Kind.Part(RETRY), RETRY.description)
          .may(
              "priority",
              new Kind.Whole(-MOST_PRIORITY, MOST_PRIORITY),
              "0",
              "Higher ones start first; it is added to the run's.")
          .list();

  private static final List<Kind.Key> PROCESS =
      shared()
          .may("timeout", Kind.SPAN, "How long an attempt may run.")
          .may(
              "pendingTimeout",
              Kind.SPAN,
              "How long it may wait from when it may start until it runs.")
          .may(
              "cache",
              new Kind.Either(List.of(Kind.FLAG, new Kind.Part(CACHE))),
              "true",
              "Whether it may take the outputs of an earlier attempt that had the same inputs, code and image. Impure tasks and tasks without outputs never do.")
          .may(
              "impure",
              Kind.FLAG,
              "false",
              "It does something beside its outputs, so it is never taken from the cache.")
          .may(
              "pools",
              new Kind.Either(
                  List.of(
                      new Kind.Entries(Naming.POOL, POOL_SHARE, 0),
                      new Kind.Items(new Kind.Named(Naming.POOL), 0))),
              "Named pools of the server that it takes from while it runs: {gpu-license: 2}, or [gpu-license] for one.")
          .may(
              "env",
              new Kind.Entries(
                  Naming.VARIABLE,
                  new Kind.Either(List.of(new Kind.Scalar(), new Kind.Part(SECRET))),
                  0),
              "Environment variables: plain text, or {secret: NAME}.")
          .may("image", Kind.TEXT, "The container image, on a cluster.")
          .may("resources", new Kind.Part(RESOURCES), RESOURCES.description)
          .list();

  static final Table USES =
      table("uses", "a task with 'uses'", "A built-in task.")
          .must(
              "uses",
              new Kind.Choice(List.copyOf(BuiltinTasks.all().keySet())),
              "The built-in task, with its version.")
          .may(
              "with",
              new Kind.Entries(Naming.INPUT, Kind.ANY, 0),
              "Its inputs by name: values and expressions.")
          .all(ORDER)
          .all(MANY)
          .all(PROCESS)
          .end();

  static final Table COMMAND =
      table("command", "a task with a command", "A program, run without a shell.")
          .must(
              "command",
              new Kind.Items(new Kind.Scalar(), 1),
              "The program and its arguments. No expressions here: take an input.")
          .may(
              "inputs",
              new Kind.Entries(Naming.INPUT, Kind.ANY, 0),
              "What the program finds in $PIPEWRIGHT_INPUTS/<name>: a scalar as text, data as a file or folder, a list of data as a folder with 0, 1, …")
          .may(
              "outputs",
              new Kind.Entries(Naming.OUTPUT, new Kind.Part(OUTPUT), 0),
              "What it leaves behind, by name.")
          .may(
              "files",
              new Kind.Items(Kind.TEXT, 0),
              "Files beside the pipeline that it needs, as relative paths.")
          .all(ORDER)
          .all(MANY)
          .all(PROCESS)
          .end();

  static final Table CALL_TASK =
      table("call", "a task that calls a pipeline", "Another pipeline, run as a task.")
          .must(
              "pipeline",
              new Kind.Form(CALL),
              "Its name, or name@version. Without a version it is the latest when this pipeline is applied, and stays that.")
          .may(
              "with",
              new Kind.Entries(Naming.PARAM, Kind.ANY, 0),
              "Its params by name: values and expressions.")
          .all(ORDER)
          .all(MANY)
          .end();

  static final Table APPROVAL_TASK =
      table("approvalTask", "a task with 'approval'", "Waits for a person.")
          .must("approval", new Kind.Part(APPROVAL), APPROVAL.description)
          .all(ORDER)
          .end();

  /// The sorts of tasks; each is known by its first key.
  static final List<Table> TASKS = List.of(USES, COMMAND, CALL_TASK, APPROVAL_TASK);

  static final Table PIPELINE =
      table(
              "pipeline",
              "a pipeline",
              "A pipeline: params, and tasks that pass values to each other.")
          .must("name", new Kind.Named(Naming.PIPELINE), "What the pipeline is called.")
          .may("description", Kind.TEXT, "For people.")
          .may(
              "params",
              new Kind.Entries(Naming.PARAM, new Kind.Part(PARAM), 0),
              "What a run is started with, by name.")
          .may(
              "outputs",
              new Kind.Entries(Naming.OUTPUT, Kind.EXPRESSION, 0),
              "What a run leaves behind, by name, each one expression; a pipeline that calls this one sees them.")
          .may(
              "priority",
              new Kind.Whole(-MOST_PRIORITY, MOST_PRIORITY),
              "0",
              "Runs with a higher one come first.")
          .may("timeout", Kind.SPAN, "How long a run may take; then it is stopped and has failed.")
          .may("concurrency", new Kind.Part(CONCURRENCY), CONCURRENCY.description)
          .may("retention", new Kind.Part(RETENTION), RETENTION.description)
          .may(
              "cache",
              Kind.FLAG,
              "true",
              "Whether its tasks may take outputs of earlier attempts, where they do not say so themselves.")
          .must("tasks", new Kind.Entries(Naming.TASK, Kind.ANY, 1), "The tasks, by name.")
          .may(
              "finally",
              new Kind.Entries(Naming.TASK, Kind.ANY, 0),
              "Tasks that run when all others have ended, whatever came of them. They see run.status and run.failed.")
          .end();

  List<String> names() {
    return keys.stream().map(Kind.Key::name).toList();
  }

  Kind.Key key(String name) {
    return find(name).orElseThrow();
  }

  Optional<Kind.Key> find(String name) {
    return keys.stream().filter(key -> key.name().equals(name)).findFirst();
  }

  private static Maker table(String id, String owner, String description) {
    return new Maker(id, owner, description);
  }

  private static Maker shared() {
    return new Maker("", "", "");
  }

  private record Maker(String id, String owner, String description, List<Kind.Key> keys) {
    Maker(String id, String owner, String description) {
      this(id, owner, description, new ArrayList<>());
    }

    Maker must(String name, Kind kind, String description) {
      keys.add(new Kind.Key(name, kind, true, "", description));
      return this;
    }

    Maker may(String name, Kind kind, String description) {
      return may(name, kind, "", description);
    }

    Maker may(String name, Kind kind, String otherwise, String description) {
      keys.add(new Kind.Key(name, kind, false, otherwise, description));
      return this;
    }

    Maker all(List<Kind.Key> more) {
      keys.addAll(more);
      return this;
    }

    List<Kind.Key> list() {
      return List.copyOf(keys);
    }

    Table end() {
      return new Table(id, owner, description, list());
    }
  }
}

package dev.pipewright.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.client.Pipewright;
import dev.pipewright.client.TaskFilter;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AnswerTask;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Everything about pipeline runs that are there. A run is named by its number or its id.
@Command(
    name = "runs",
    description = "Shows pipeline runs and acts on them.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunsCommand.List_.class,
      RunsCommand.Show.class,
      RunsCommand.Logs.class,
      RunsCommand.Explain.class,
      RunsCommand.Cancel.class,
      RunsCommand.Pause.class,
      RunsCommand.Resume.class,
      RunsCommand.Retry.class,
      RunsCommand.Rerun.class,
      RunsCommand.Approve.class,
      RunsDeleteCommand.class,
      RunsPruneCommand.class
    })
final class RunsCommand extends Commands {
  /// A connection to the server that runs here.
  abstract static class ServerCommand implements Callable<Integer> {
    final Terminal terminal = Terminal.standard(System.getenv());

    @Override
    public final Integer call() {
      var url = OnServer.url(terminal);
      try (var pipewright = Pipewright.connect(URI.create(url))) {
        return call(pipewright, url);
      }
    }

    abstract int call(Pipewright pipewright, String url);

    void print(List<String> lines) {
      lines.forEach(terminal::line);
    }

    static String ago(@Nullable Instant at) {
      return at == null ? "" : Durations.text(Duration.between(at, Instant.now())) + " ago";
    }

    static String took(@Nullable Instant from, @Nullable Instant to) {
      return from == null
          ? ""
          : Durations.text(Duration.between(from, to == null ? Instant.now() : to));
    }
  }

  /// A command about one run.
  abstract static class OfRun extends ServerCommand {
    @Parameters(index = "0", paramLabel = "RUN", description = "The run's number or id.")
    private String run = "";

    @Override
    final int call(Pipewright pipewright, String url) {
      return call(
          pipewright, url, pipewright.runs().get(run.startsWith("#") ? run.substring(1) : run));
    }

    abstract int call(Pipewright pipewright, String url, PipelineRun run);
  }

  @Command(
      name = "list",
      description = "The newest runs, newest first.",
      mixinStandardHelpOptions = true)
  static final class List_ extends ServerCommand {
    @Mixin private Output output = new Output();

    @Option(names = "--pipeline", paramLabel = "NAME", description = "Only runs of this pipeline.")
    private @Nullable String pipeline;

    @Option(
        names = "--state",
        paramLabel = "STATE",
        description = "Only runs in this state: ${COMPLETION-CANDIDATES}.")
    private @Nullable RunState state;

    @Option(
        names = {"-n", "--limit"},
        paramLabel = "COUNT",
        description = "How many at most; default: ${DEFAULT-VALUE}.")
    private int limit = 20;

    @Override
    int call(Pipewright pipewright, String url) {
      var runs = pipewright.runs().list(pipeline, state, limit, null).items();
      if (output.isJson()) {
        terminal.line(Output.json(runs));
        return Exit.OK;
      }
      if (runs.isEmpty()) {
        terminal.line("There are no runs.");
        return Exit.OK;
      }
      print(
          Output.table(
              List.of("RUN", "PIPELINE", "STATE", "TASKS", "STARTED", "TOOK", ""),
              runs.stream().map(List_::row).toList()));
      return Exit.OK;
    }

    private static List<String> row(PipelineRunSummary run) {
      int all = run.tasks().values().stream().mapToInt(Integer::intValue).sum();
      int done =
          run.tasks().entrySet().stream()
              .filter(entry -> entry.getKey().isTerminal())
              .mapToInt(Map.Entry::getValue)
              .sum();
      return List.of(
          "#" + run.number(),
          run.pipeline() + "@" + run.version(),
          run.state().name().toLowerCase(Locale.ROOT),
          done + "/" + all,
          ago(run.startedAt() == null ? run.createdAt() : run.startedAt()),
          took(run.startedAt(), run.endedAt()),
          run.message() == null ? "" : run.message());
    }
  }

  @Command(
      name = "show",
      description =
          "One run with its tasks; of a run with more than 500 how many are in which state, those"
              + " that failed and the newest. --output json has all of them.",
      mixinStandardHelpOptions = true)
  static final class Show extends OfRun {
    private static final int MOST_SHOWN = 10;

    @Mixin private Output output = new Output();

    @Option(
        names = {"-f", "--follow"},
        description = "Follow it to its end; exit code 0 if it succeeds, 1 if it does not.")
    private boolean follow;

    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      if (follow) {
        var ended = new Follower(pipewright, terminal, () -> true).follow(run);
        new RunReport(pipewright, terminal, url).print(ended);
        return Exit.of(ended);
      }
      if (output.isJson()) {
        terminal.line(Output.json(run.withTasks(pipewright.runs().tasks(run).toList())));
        return Exit.OK;
      }
      terminal.line(
          "run #%d of %s@%d: %s%s"
              .formatted(
                  run.number(),
                  run.pipeline(),
                  run.version(),
                  run.state().name().toLowerCase(Locale.ROOT),
                  run.paused() && !run.state().isTerminal() ? ", paused" : ""));
      if (run.message() != null) {
        terminal.line("  " + run.message());
      }
      run.params()
          .forEach((name, value) -> terminal.line("  %s = %s".formatted(name, shown(value))));
      terminal.line("");
      var view = new RunView(terminal);
      print(view.lines(run, Map.of(), Instant.now()));
      if (!run.complete()) {
        some(pipewright, view, run, "failed", TaskFilter.newest(TaskState.FAILED));
        some(pipewright, view, run, "the newest", TaskFilter.newest());
      }
      run.outputs()
          .forEach((name, value) -> terminal.line("  %s: %s".formatted(name, shown(value))));
      terminal.line("");
      terminal.line("  " + url + "/pipeline-runs/" + run.id());
      return Exit.OK;
    }

    private void some(
        Pipewright pipewright, RunView view, PipelineRun run, String title, TaskFilter filter) {
      var tasks = pipewright.runs().tasks(run.id(), filter, MOST_SHOWN, null);
      if (!tasks.items().isEmpty()) {
        terminal.line("");
        terminal.line("  " + title + (tasks.next() == null ? ":" : ", among others:"));
        print(view.lines(tasks.items(), Map.of(), Instant.now()));
      }
    }

    private static String shown(JsonNode value) {
      var text =
          value.isObject() && value.hasNonNull("kind") && value.hasNonNull("name")
              ? value.get("kind").asText() + " " + value.get("name").asText()
              : value.isTextual() ? value.asText() : value.toString();
      return text.length() > 100 ? text.substring(0, 99) + "…" : text;
    }
  }

  @Command(
      name = "logs",
      description = "The log of a task's newest attempt, or of every task.",
      mixinStandardHelpOptions = true)
  static final class Logs extends OfRun {
    private static final Duration LOOK = Duration.ofMillis(500);

    @Parameters(index = "1", arity = "0..1", paramLabel = "TASK", description = "Only this task.")
    private @Nullable String task;

    @Option(
        names = {"-f", "--follow"},
        description = "Go on until the run has ended.")
    private boolean follow;

    @Override
    int call(Pipewright pipewright, String url, PipelineRun first) {
      var run = first;
      var seen = new LinkedHashMap<String, Long>();
      while (true) {
        boolean ended = run.state().isTerminal();
        if (task == null) {
          pipewright
              .runs()
              .tasks(run)
              .forEach(each ->
                  each.attempts()
                      .forEach(attempt ->
                          printLog(pipewright, each.name(), attempt.trackedRunId(), seen)));
        } else {
          for (var attempt : newest(pipewright.runs().task(run.id(), task))) {
            printLog(pipewright, task, attempt.trackedRunId(), seen);
          }
        }
        if (!follow || ended) {
          return Exit.OK;
        }
        pause();
        run = pipewright.runs().get(run.id());
      }
    }

    private static List<PipelineRun.Attempt> newest(PipelineRun.Task task) {
      return task.attempts().isEmpty() ? List.of() : List.of(task.attempts().getLast());
    }

    private void printLog(
        Pipewright pipewright, String name, String trackedRun, Map<String, Long> seen) {
      long after = seen.getOrDefault(trackedRun, 0L);
      while (true) {
        dev.pipewright.contract.api.LogPage page;
        try {
          page = pipewright.trackedRuns().logs(trackedRun, after);
        } catch (ProblemException e) {
          if (e.problem().code().equals(ProblemCode.RUN_NOT_FOUND.name())) {
            return; // It has not said anything yet.
          }
          throw e;
        }
        for (var line : page.lines()) {
          terminal.line(task == null ? terminal.dim(name + " | ") + line.text() : line.text());
        }
        if (page.lines().isEmpty() || page.next() <= after) {
          seen.put(trackedRun, after);
          return;
        }
        after = page.next();
      }
    }

    private static void pause() {
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while following a log", e);
      }
    }
  }

  @Command(
      name = "explain",
      description = "Says why a run or a task waits, was skipped, is tried again or failed.",
      mixinStandardHelpOptions = true)
  static final class Explain extends OfRun {
    @Parameters(index = "1", arity = "0..1", paramLabel = "TASK", description = "The task.")
    private @Nullable String task;

    @Mixin private Output output = new Output();

    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      var explanation = pipewright.runs().explain(run.id(), task);
      if (output.isJson()) {
        terminal.line(Output.json(explanation));
        return Exit.OK;
      }
      terminal.line("%s is %s.".formatted(explanation.subject(), explanation.state()));
      explanation.reasons().forEach(reason -> terminal.line("  " + reason));
      return Exit.OK;
    }
  }

  @Command(
      name = "cancel",
      description = "Stops a run; a second time also the tasks of its 'finally'.",
      mixinStandardHelpOptions = true)
  static final class Cancel extends OfRun {
    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      return said(terminal, pipewright.runs().cancel(run.id()));
    }
  }

  @Command(
      name = "pause",
      description = "Lets nothing new start in a run.",
      mixinStandardHelpOptions = true)
  static final class Pause extends OfRun {
    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      return said(terminal, pipewright.runs().pause(run.id()));
    }
  }

  @Command(
      name = "resume",
      description = "Lets a paused run go on.",
      mixinStandardHelpOptions = true)
  static final class Resume extends OfRun {
    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      return said(terminal, pipewright.runs().resume(run.id()));
    }
  }

  @Command(
      name = "retry",
      description = "Runs the tasks again that did not succeed, in the same run.",
      mixinStandardHelpOptions = true)
  static final class Retry extends OfRun {
    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      return said(terminal, pipewright.runs().retry(run.id()));
    }
  }

  @Command(
      name = "rerun",
      description =
          "Starts a run like this one: with other params, or from a task on with the earlier"
              + " outputs of the rest.",
      mixinStandardHelpOptions = true)
  static final class Rerun extends OfRun {
    @Option(
        names = {"-p", "--param"},
        paramLabel = "NAME=VALUE",
        description = "A param that is to be different.")
    private Map<String, String> params = new LinkedHashMap<>();

    @Option(
        names = "--from",
        paramLabel = "TASK",
        description = "Begin at this task; may be given several times.")
    private List<String> from = new ArrayList<>();

    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      var version = pipewright.pipelines().version(run.pipeline(), run.version());
      var values = Params.read(params, version.params(), pipewright.blobs());
      var again =
          from.isEmpty()
              ? pipewright.runs().rerun(run.id(), values)
              : pipewright.runs().rerunFrom(run.id(), from);
      terminal.line("run #%d like #%d".formatted(again.number(), run.number()));
      terminal.line("  " + url + "/pipeline-runs/" + again.id());
      return Exit.OK;
    }
  }

  @Command(
      name = "approve",
      description = "Answers a task that waits for a person.",
      mixinStandardHelpOptions = true)
  static final class Approve extends OfRun {
    @Parameters(index = "1", paramLabel = "TASK", description = "The task that waits.")
    private String task = "";

    @Option(names = "--reject", description = "Say no: the task fails.")
    private boolean reject;

    @Option(
        names = {"-i", "--input"},
        paramLabel = "NAME=VALUE",
        description = "Something the task asks for.")
    private Map<String, String> inputs = new LinkedHashMap<>();

    @Option(names = "--comment", paramLabel = "TEXT", description = "Kept with the answer.")
    private @Nullable String comment;

    @Option(names = "--by", paramLabel = "NAME", description = "Who answers; default: you.")
    private String by = System.getProperty("user.name", "somebody");

    @Override
    int call(Pipewright pipewright, String url, PipelineRun run) {
      var values = new LinkedHashMap<String, JsonNode>();
      inputs.forEach((name, text) -> values.put(name, value(text)));
      return said(
          terminal,
          pipewright.runs().answer(run.id(), task, new AnswerTask(!reject, values, by, comment)));
    }

    /// A number or a bool where it is one, otherwise text.
    private static JsonNode value(String text) {
      try {
        var value = Json.MAPPER.readTree(text);
        return value == null || value.isMissingNode() || value.isContainerNode()
            ? TextNode.valueOf(text)
            : value;
      } catch (JsonProcessingException e) {
        return TextNode.valueOf(text);
      }
    }
  }

  private static int said(Terminal terminal, PipelineRun run) {
    terminal.line(
        "run #%d is %s%s"
            .formatted(
                run.number(),
                run.state().name().toLowerCase(Locale.ROOT),
                run.paused() && !run.state().isTerminal() ? ", paused" : ""));
    return Exit.OK;
  }
}

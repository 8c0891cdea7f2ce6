package dev.pipewright.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.api.Schedule;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "schedules",
    description = "Starts runs by the clock.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SchedulesCommand.Listing.class,
      SchedulesCommand.Show.class,
      SchedulesCommand.Apply.class,
      SchedulesCommand.Next.class,
      SchedulesCommand.History.class,
      SchedulesCommand.Pause.class,
      SchedulesCommand.Resume.class,
      SchedulesCommand.Delete.class
    })
final class SchedulesCommand extends Commands {
  /// What picocli gives a command on one schedule.
  private abstract static class OnOne implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The schedule.")
    private String name = "";

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> act(pipewright, name, terminal));
    }

    abstract void act(Pipewright pipewright, String name, Terminal terminal);
  }

  @Command(
      name = "list",
      description = "Lists the schedules, newest first.",
      mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) ->
          output.print(
              terminal,
              OnServer.all(pipewright.schedules()::list),
              List.of("NAME", "PIPELINE", "WHEN", "NEXT", "LAST"),
              each ->
                  List.of(
                      each.name(),
                      pipeline(each),
                      when(each),
                      next(each),
                      FireLines.last(each.last()))));
    }
  }

  @Command(name = "show", description = "Shows a schedule.", mixinStandardHelpOptions = true)
  static final class Show extends OnOne {
    @Mixin private Output output = new Output();

    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      var schedule = pipewright.schedules().get(name);
      if (output.isJson()) {
        terminal.line(Output.json(schedule));
      } else {
        print(schedule, terminal);
      }
    }
  }

  @Command(
      name = "apply",
      description = "Makes schedules or changes them, from a YAML file or by options.",
      mixinStandardHelpOptions = true)
  static final class Apply implements Callable<Integer> {
    @Parameters(
        paramLabel = "FILE|NAME",
        description = "A YAML file; with --pipeline, the name of the schedule.")
    private String what = "";

    @Option(names = "--pipeline", paramLabel = "NAME", description = "What to run.")
    private @Nullable String pipeline;

    @Option(
        names = "--version",
        paramLabel = "N",
        description = "Of the pipeline; else the latest.")
    private @Nullable Integer version;

    @Option(
        names = "--cron",
        paramLabel = "EXPRESSION",
        description = "Minute, hour, day of the month, month, day of the week.")
    private @Nullable String cron;

    @Option(names = "--every", paramLabel = "DURATION", description = "An interval, such as 15m.")
    private @Nullable String every;

    @Option(
        names = "--time-zone",
        paramLabel = "ZONE",
        description = "Of --cron, such as Europe/Berlin; else UTC.")
    private @Nullable String timeZone;

    @Option(
        names = "--catch-up",
        paramLabel = "none|all|skip",
        description = "What becomes of times that were missed; else none.")
    private @Nullable String catchUp;

    @Option(
        names = "--start-deadline",
        paramLabel = "DURATION",
        description = "How late a run may start.")
    private @Nullable String startDeadline;

    @Option(names = "--jitter", paramLabel = "DURATION", description = "Puts each start off a bit.")
    private @Nullable String jitter;

    @Option(
        names = {"-p", "--param"},
        paramLabel = "NAME=VALUE",
        description = "A param; may hold expressions such as $${{ schedule.date }}.")
    private Map<String, String> params = new LinkedHashMap<>();

    @Override
    public Integer call() {
      var documents = documents();
      return OnServer.run((pipewright, terminal) -> {
        for (var each : documents) {
          print(pipewright.schedules().apply(each.name(), each.document()), terminal);
        }
      });
    }

    private List<Documents.Named> documents() {
      if (pipeline == null) {
        return Documents.read(Path.of(what), ProblemCode.SCHEDULE_INVALID);
      }
      var document = Json.MAPPER.createObjectNode();
      document.put("pipeline", pipeline);
      document.put("version", version);
      document.put("cron", cron);
      document.put("every", every);
      document.put("timeZone", timeZone);
      document.put("catchUp", catchUp);
      document.put("startDeadline", startDeadline);
      document.put("jitter", jitter);
      var values = document.putObject("params");
      params.forEach((name, text) -> values.set(name, value(text)));
      return List.of(new Documents.Named(what, document));
    }

    /// What reads as a number, a bool or JSON is that; all else is text.
    private static JsonNode value(String text) {
      try {
        return Json.MAPPER.readTree(text);
      } catch (JsonProcessingException e) {
        return TextNode.valueOf(text);
      }
    }
  }

  @Command(
      name = "next",
      description = "Says for which times the next runs are.",
      mixinStandardHelpOptions = true)
  static final class Next extends OnOne {
    @Option(
        names = "--count",
        paramLabel = "N",
        defaultValue = "5",
        description = "How many; default: ${DEFAULT-VALUE}.")
    private int count;

    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      pipewright.schedules().next(name, count).forEach(time -> terminal.line(time.toString()));
    }
  }

  @Command(
      name = "history",
      description = "Says what became of a schedule's newest times.",
      mixinStandardHelpOptions = true)
  static final class History extends OnOne {
    @Mixin private Output output = new Output();

    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      output.print(
          terminal,
          pipewright.schedules().history(name, null).items(),
          FireLines.HEAD,
          FireLines::row);
    }
  }

  @Command(
      name = "pause",
      description = "Lets a schedule start nothing for now.",
      mixinStandardHelpOptions = true)
  static final class Pause extends OnOne {
    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      print(pipewright.schedules().pause(name), terminal);
    }
  }

  @Command(
      name = "resume",
      description = "Lets a paused schedule go on, with the next time from now.",
      mixinStandardHelpOptions = true)
  static final class Resume extends OnOne {
    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      print(pipewright.schedules().resume(name), terminal);
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a schedule; runs that it started stay.",
      mixinStandardHelpOptions = true)
  static final class Delete extends OnOne {
    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      pipewright.schedules().delete(name);
      terminal.line("Deleted the schedule " + name + ".");
    }
  }

  private static void print(Schedule schedule, Terminal terminal) {
    terminal.line(terminal.bold(schedule.name()));
    terminal.line("  runs   " + pipeline(schedule));
    terminal.line("  when   " + when(schedule));
    terminal.line("  last   " + FireLines.last(schedule.last()));
    if (schedule.paused() || schedule.next().isEmpty()) {
      terminal.line("  next   " + next(schedule));
    }
    for (Instant time : schedule.next()) {
      terminal.line("  next   " + time);
    }
  }

  private static String pipeline(Schedule schedule) {
    var spec = schedule.spec();
    return spec.version() == null ? spec.pipeline() : spec.pipeline() + "@" + spec.version();
  }

  private static String when(Schedule schedule) {
    var spec = schedule.spec();
    var zone = spec.timeZone() == null ? "UTC" : spec.timeZone();
    return spec.cron() == null ? "every " + spec.every() : spec.cron() + " " + zone;
  }

  private static String next(Schedule schedule) {
    return schedule.paused()
        ? "paused"
        : schedule.next().isEmpty() ? "never" : schedule.next().getFirst().toString();
  }
}

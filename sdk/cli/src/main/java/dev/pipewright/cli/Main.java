package dev.pipewright.cli;

import dev.pipewright.contract.ProblemException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Where the JVM enters. Exit codes: see [Exit].
@Command(
    name = "pipewright",
    description = "Runs ML pipelines on this machine, and shows what they did.",
    mixinStandardHelpOptions = true,
    version = "Pipewright 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Settings are environment variables, PIPEWRIGHT_HOME and PIPEWRIGHT_PORT above all;",
      "docs/reference/settings.md lists them."
    })
public final class Main implements Runnable {
  private static final String COMPLETION = "completion";
  private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("demo", DemoCommand.class);
    COMMANDS.put("up", UpCommand.class);
    COMMANDS.put("down", DownCommand.class);
    COMMANDS.put("status", StatusCommand.class);
    COMMANDS.put("run", RunCommand.class);
    COMMANDS.put("runs", RunsCommand.class);
    COMMANDS.put("pipelines", PipelinesCommand.class);
    COMMANDS.put("validate", ValidateCommand.class);
    COMMANDS.put("schedules", SchedulesCommand.class);
    COMMANDS.put("backfill", BackfillCommand.class);
    COMMANDS.put("triggers", TriggersCommand.class);
    COMMANDS.put("pools", PoolsCommand.class);
    COMMANDS.put("studies", StudiesCommand.class);
    COMMANDS.put("gc", GcCommand.class);
    COMMANDS.put("import", ImportCommand.class);
    COMMANDS.put("export", ExportCommand.class);
    COMMANDS.put("diagram", DiagramCommand.class);
    COMMANDS.put(COMPLETION, CompletionCommand.class);
  }

  @Spec private CommandSpec spec;

  private Main() {
    spec = CommandSpec.create(); // replaced by picocli
  }

  public static void main(String... args) {
    System.exit(execute(args));
  }

  static int execute(String... args) {
    return commandLine(args).execute(args);
  }

  /// Knows all commands where they are asked for, else only the one that is meant: reading the
  /// options of all of them takes longer than most commands do.
  static CommandLine commandLine(String... args) {
    var line = new CommandLine(new Main());
    var meant = args.length == 0 ? null : COMMANDS.get(args[0]);
    if (meant == null || args[0].equals(COMPLETION)) {
      COMMANDS.forEach(line::addSubcommand);
    } else {
      line.addSubcommand(args[0], meant);
    }
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionExceptionHandler((failure, command, _) -> {
      if (failure instanceof ProblemException problem) {
        Problems.print(problem.problem(), command.getErr());
        return Exit.of(problem.problem());
      }
      throw failure;
    });
    line.setParameterExceptionHandler(Main::usage);
    return line;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  private static int usage(ParameterException failure, String... args) {
    var line = failure.getCommandLine();
    PrintWriter err = line.getErr();
    err.println("pipewright: " + failure.getMessage());
    if (!CommandLine.UnmatchedArgumentException.printSuggestions(failure, err)) {
      line.usage(err);
    }
    return Exit.USAGE;
  }
}

package dev.pipewright.cli;

import dev.pipewright.contract.ProblemException;
import java.io.PrintWriter;
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
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      DownCommand.class,
      StatusCommand.class,
      RunCommand.class,
      RunsCommand.class,
      PipelinesCommand.class,
      ValidateCommand.class,
      SchedulesCommand.class,
      BackfillCommand.class,
      TriggersCommand.class,
      PoolsCommand.class,
      GcCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      DiagramCommand.class,
      CompletionCommand.class
    },
    footer = {
      "",
      "Settings are environment variables, PIPEWRIGHT_HOME and PIPEWRIGHT_PORT above all;",
      "docs/reference/settings.md lists them."
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {
    spec = CommandSpec.create(); // replaced by picocli
  }

  public static void main(String... args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    var line = new CommandLine(new Main());
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

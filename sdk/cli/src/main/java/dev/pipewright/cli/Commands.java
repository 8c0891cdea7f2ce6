package dev.pipewright.cli;

import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// A command that does nothing without one of its own commands.
abstract class Commands implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public final void run() {
    throw new ParameterException(
        spec.commandLine(),
        "say what to do: "
            + spec.subcommands().keySet().stream()
                .collect(Collectors.joining(", "))
                .replaceFirst(", (?=[^,]+$)", " or "));
  }
}

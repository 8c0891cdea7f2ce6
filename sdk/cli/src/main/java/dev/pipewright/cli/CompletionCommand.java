package dev.pipewright.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// What a shell needs to complete our commands and options.
@Command(
    name = "completion",
    description = {
      "Prints a script that completes commands and options in bash and zsh:",
      "source <(pipewright completion)"
    },
    mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AutoComplete.bash("pipewright", spec.root().commandLine()));
    spec.commandLine().getOut().flush();
    return Exit.OK;
  }
}

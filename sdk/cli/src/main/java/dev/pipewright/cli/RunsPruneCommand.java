package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.PruneOutcome;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "prune",
    description =
        "Deletes the runs that have ended and that neither their pipeline's 'retention' nor the"
            + " server's default keeps; what they tracked stays.",
    mixinStandardHelpOptions = true)
final class RunsPruneCommand extends RunsCommand.ServerCommand {
  @Mixin private Output output = new Output();

  @Option(names = "--dry-run", description = "Only say what would go.")
  private boolean dryRun;

  @Override
  int call(Pipewright pipewright, String url) {
    PruneOutcome outcome;
    do {
      outcome = pipewright.maintenance().prune(dryRun);
      print(outcome);
    } while (outcome.more());
    return Exit.OK;
  }

  private void print(PruneOutcome outcome) {
    if (output.isJson()) {
      terminal.line(Output.json(outcome));
    } else if (outcome.pipelines().isEmpty()) {
      terminal.line("Nothing to delete.");
    } else {
      print(
          Output.table(
              List.of("PIPELINE", dryRun ? "WOULD GO" : "DELETED", "OF", ""),
              outcome.pipelines().stream()
                  .map(each ->
                      List.of(
                          each.pipeline(),
                          each.runs() == 1 ? "1 run" : each.runs() + " runs",
                          Objects.equals(each.first(), each.last())
                              ? "#" + each.first()
                              : "#%d … #%d".formatted(each.first(), each.last()),
                          each.rule()))
                  .toList()));
    }
  }
}

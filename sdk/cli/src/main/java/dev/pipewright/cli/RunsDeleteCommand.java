package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.PipelineRun;
import picocli.CommandLine.Command;

@Command(
    name = "delete",
    description = "Deletes a run that has ended; what it tracked stays.",
    mixinStandardHelpOptions = true)
final class RunsDeleteCommand extends RunsCommand.OfRun {
  @Override
  int call(Pipewright pipewright, String url, PipelineRun run) {
    pipewright.runs().delete(run.id());
    terminal.line("Deleted run #%d of %s.".formatted(run.number(), run.pipeline()));
    return Exit.OK;
  }
}

package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.Backfill;
import dev.pipewright.contract.api.BackfillSpec;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "backfill",
    description = "Starts runs for times of a schedule that have passed.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      BackfillCommand.Start.class,
      BackfillCommand.Listing.class,
      BackfillCommand.Show.class,
      BackfillCommand.Cancel.class
    })
final class BackfillCommand extends Commands {
  @Command(
      name = "start",
      description = "Starts a backfill; the server goes on with it by itself.",
      mixinStandardHelpOptions = true)
  static final class Start implements Callable<Integer> {
    @Parameters(paramLabel = "SCHEDULE", description = "Whose pipeline, params and times to take.")
    private String schedule = "";

    @Option(
        names = "--from",
        required = true,
        paramLabel = "DATE|TIME",
        description = "The first, such as 2026-01-01.")
    private String from = "";

    @Option(
        names = "--to",
        required = true,
        paramLabel = "DATE|TIME",
        description = "The last, with all of its day.")
    private String to = "";

    @Option(
        names = "--parallel",
        paramLabel = "N",
        defaultValue = "1",
        description = "How many runs at once; default: ${DEFAULT-VALUE}.")
    private int parallel;

    @Option(names = "--newest-first", description = "Begin with the newest time.")
    private boolean newestFirst;

    @Option(names = "--again", description = "Also for times that have a succeeded run.")
    private boolean again;

    @Override
    public Integer call() {
      var asked =
          new BackfillSpec(
              schedule,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              from,
              to,
              parallel,
              newestFirst,
              again);
      return OnServer.run(
          (pipewright, terminal) -> print(pipewright.backfills().start(asked), terminal));
    }
  }

  @Command(
      name = "list",
      description = "Lists the backfills, newest first.",
      mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) ->
          output.print(
              terminal,
              OnServer.all(pipewright.backfills()::list),
              List.of("ID", "PIPELINE", "STATE", "DONE", "OF", "FAILED"),
              each ->
                  List.of(
                      each.id(),
                      each.pipeline(),
                      each.state(),
                      String.valueOf(each.total() - each.waiting() - each.running()),
                      String.valueOf(each.total()),
                      String.valueOf(each.failed() + each.refused()))));
    }
  }

  /// What picocli gives a command on one backfill.
  private abstract static class OnOne implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "The backfill.")
    private String id = "";

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> act(pipewright, id, terminal));
    }

    abstract void act(Pipewright pipewright, String id, Terminal terminal);
  }

  @Command(
      name = "show",
      description = "Says how far a backfill is, and what became of its newest times.",
      mixinStandardHelpOptions = true)
  static final class Show extends OnOne {
    @Mixin private Output output = new Output();

    @Override
    void act(Pipewright pipewright, String id, Terminal terminal) {
      var backfill = pipewright.backfills().get(id);
      if (output.isJson()) {
        terminal.line(Output.json(backfill));
        return;
      }
      print(backfill, terminal);
      var times = pipewright.backfills().history(id, null).items();
      output.print(terminal, times, FireLines.HEAD, FireLines::row);
    }
  }

  @Command(
      name = "cancel",
      description = "Lets nothing further start; runs that are under way go on without --runs.",
      mixinStandardHelpOptions = true)
  static final class Cancel extends OnOne {
    @Option(names = "--runs", description = "Also cancel its runs that are under way.")
    private boolean runs;

    @Override
    void act(Pipewright pipewright, String id, Terminal terminal) {
      print(pipewright.backfills().cancel(id, runs), terminal);
    }
  }

  private static void print(Backfill backfill, Terminal terminal) {
    terminal.line(
        "%s %s: %d of %d times are done; %d succeeded, %d failed, %d skipped, %d refused; %d run now"
            .formatted(
                backfill.id(),
                backfill.state(),
                backfill.total() - backfill.waiting() - backfill.running(),
                backfill.total(),
                backfill.succeeded(),
                backfill.failed(),
                backfill.skipped(),
                backfill.refused(),
                backfill.running()));
  }
}

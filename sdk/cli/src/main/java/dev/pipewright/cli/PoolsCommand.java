package dev.pipewright.cli;

import dev.pipewright.contract.api.Pool;
import dev.pipewright.contract.api.PoolUse;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pools",
    description = "Limits how many tasks of all pipelines use something at once.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PoolsCommand.Listing.class,
      PoolsCommand.Show.class,
      PoolsCommand.Set_.class,
      PoolsCommand.Delete.class
    })
final class PoolsCommand extends Commands {
  @Command(
      name = "list",
      description = "Lists the pools, and what is taken of them.",
      mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) ->
          output.print(
              terminal,
              OnServer.all(pipewright.pools()::list),
              List.of("NAME", "SLOTS", "TAKEN", "WAITING", ""),
              pool ->
                  List.of(
                      pool.name(),
                      String.valueOf(pool.slots()),
                      String.valueOf(pool.taken()),
                      String.valueOf(pool.waiting()),
                      pool.description() == null ? "" : pool.description())));
    }
  }

  @Command(
      name = "show",
      description = "Says who has slots of a pool, and who waits for it.",
      mixinStandardHelpOptions = true)
  static final class Show implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Parameters(paramLabel = "NAME", description = "The pool.")
    private String name = "";

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "20",
        description = "How many of each to name; default: ${DEFAULT-VALUE}.")
    private int limit;

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> {
        var pool = pipewright.pools().get(name);
        var uses = pipewright.pools().uses(name, limit);
        if (output.isJson()) {
          terminal.line(Output.json(Map.of("pool", pool, "uses", uses)));
          return;
        }
        terminal.line(line(pool));
        var rows = new ArrayList<List<String>>();
        uses.holders().forEach(use -> rows.add(row("has", use)));
        uses.waiters().forEach(use -> rows.add(row("waits for", use)));
        if (!rows.isEmpty()) {
          Output.table(List.of("", "SLOTS", "RUN", "PIPELINE", "TASK", "SINCE"), rows)
              .forEach(terminal::line);
        }
      });
    }

    private static List<String> row(String what, PoolUse use) {
      return List.of(
          what,
          String.valueOf(use.slots()),
          String.valueOf(use.run()),
          use.pipeline(),
          use.task(),
          use.since().truncatedTo(ChronoUnit.SECONDS).toString());
    }
  }

  @Command(
      name = "set",
      description = "Makes a pool, or changes how many slots it has.",
      mixinStandardHelpOptions = true)
  static final class Set_ implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Parameters(index = "0", paramLabel = "NAME", description = "The pool.")
    private String name = "";

    @Parameters(index = "1", paramLabel = "SLOTS", description = "How many there are.")
    private int slots;

    @Option(names = "--description", paramLabel = "TEXT", description = "For people.")
    private @Nullable String description;

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> {
        var pool = pipewright.pools().set(name, slots, description);
        terminal.line(output.isJson() ? Output.json(pool) : line(pool));
      });
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a pool that nothing needs.",
      mixinStandardHelpOptions = true)
  static final class Delete implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The pool.")
    private String name = "";

    @Option(
        names = "--force",
        description =
            "Also when something needs it: what runs goes on, what waits waits until the pool is"
                + " made again.")
    private boolean force;

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> {
        pipewright.pools().delete(name, force);
        terminal.line("Deleted the pool " + name + ".");
      });
    }
  }

  private static String line(Pool pool) {
    return "Pool %s: %d of %d taken, %d waiting"
        .formatted(pool.name(), pool.taken(), pool.slots(), pool.waiting());
  }
}

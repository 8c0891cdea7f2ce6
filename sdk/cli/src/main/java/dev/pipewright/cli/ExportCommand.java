package dev.pipewright.cli;

import dev.pipewright.cli.exporter.Export;
import dev.pipewright.cli.exporter.ExportReport;
import dev.pipewright.client.Pipewright;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "export",
    description = "Writes runs as tables.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ExportCommand.Run.class, ExportCommand.Experiment.class})
final class ExportCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to export: run or experiment");
  }

  @Command(
      name = "run",
      description = "Writes a run and all points of its metrics.",
      mixinStandardHelpOptions = true)
  static final class Run implements Callable<Integer> {
    @Parameters(paramLabel = "RUN_ID", description = "The run.")
    private String id = "";

    @Mixin private Into into = new Into();

    @Override
    public Integer call() {
      return into.write(export -> export.run(id));
    }
  }

  @Command(
      name = "experiment",
      description = "Writes the runs of an experiment and all points of their metrics.",
      mixinStandardHelpOptions = true)
  static final class Experiment implements Callable<Integer> {
    @Parameters(paramLabel = "NAME|ID", description = "The experiment.")
    private String experiment = "";

    @Mixin private Into into = new Into();

    @Override
    public Integer call() {
      return into.write(export -> export.experiment(experiment));
    }
  }

  static final class Into {
    /// A plain log needs a sign of life now and then, not a line per run.
    private static final int PLAIN_EVERY = 1000;

    @Option(
        names = "--out",
        paramLabel = "FOLDER",
        required = true,
        description = "Where the tables go; a folder that is empty or not there yet.")
    private Path out = Path.of("");

    @Option(
        names = "--format",
        paramLabel = "FORMAT",
        defaultValue = "parquet",
        description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
    private Export.Format format = Export.Format.PARQUET;

    private int shown;

    int write(Function<Export, ExportReport> what) {
      var terminal = Terminal.standard(System.getenv());
      var url = OnServer.url(terminal);
      try (var pipewright = Pipewright.connect(URI.create(url))) {
        var export =
            new Export(pipewright.trackedRuns(), format, out, report -> show(terminal, report));
        var report = what.apply(export);
        terminal.draw(List.of());
        terminal.line(
            "Exported to %s: %d runs, %d points".formatted(out, report.runs(), report.points()));
        if (report.skipped().isEmpty()) {
          return Exit.OK;
        }
        terminal.line(terminal.red("Left out:"));
        report.skipped().forEach(skip -> terminal.line("  " + skip));
        return Exit.FAILED;
      }
    }

    private void show(Terminal terminal, ExportReport report) {
      var line =
          "%d of %d runs, %d points".formatted(report.runs(), report.found(), report.points());
      if (terminal.live()) {
        terminal.draw(List.of(line));
      } else if (report.runs() - shown >= PLAIN_EVERY) {
        shown = report.runs();
        terminal.line(line);
      }
    }
  }
}

package dev.pipewright.cli;

import dev.pipewright.cli.importer.ImportReport;
import dev.pipewright.cli.importer.MlflowImport;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "import",
    description = "Brings in what another tracker holds.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = ImportCommand.Mlflow.class)
final class ImportCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to import from: mlflow");
  }

  @Command(
      name = "mlflow",
      description = {
        "Imports experiments, runs, files and registered models from MLflow.",
        "It may be stopped and started again: what is there is not imported twice."
      },
      mixinStandardHelpOptions = true)
  static final class Mlflow implements Callable<Integer> {
    /// A plain log needs a sign of life now and then, not a line per run.
    private static final int PLAIN_EVERY = 100;

    @Parameters(paramLabel = "FOLDER|URL", description = "An mlruns folder or a server's address.")
    private String from = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
      var terminal = Terminal.standard(System.getenv());
      var target = URI.create(LocalServer.ofEnvironment(terminal).requireRunning().url());
      try (var mlflow = open(target, terminal)) {
        var report = mlflow.run();
        terminal.draw(List.of());
        terminal.line("Imported: " + counts(report));
        if (report.runsThere() > 0) {
          terminal.line(report.runsThere() + " runs were there already.");
        }
        if (report.skipped().isEmpty()) {
          return Exit.OK;
        }
        terminal.line(terminal.red("Left out:"));
        report.skipped().forEach(skip -> terminal.line("  " + skip.thing() + ": " + skip.reason()));
        return Exit.FAILED;
      }
    }

    private MlflowImport open(URI target, Terminal terminal) {
      if (from.startsWith("http://") || from.startsWith("https://")) {
        return MlflowImport.ofServer(URI.create(from), target, report -> show(terminal, report));
      }
      var folder = Path.of(from);
      if (!Files.isDirectory(folder)) {
        throw new ParameterException(
            spec.commandLine(), "'" + from + "' is neither a folder nor an http address");
      }
      return MlflowImport.ofFolder(folder, target, report -> show(terminal, report));
    }

    private int shown;

    private void show(Terminal terminal, ImportReport report) {
      int done = report.runs() + report.runsThere();
      var line =
          "%d of %d runs found so far, %s".formatted(done, report.runsTotal(), counts(report));
      if (terminal.live()) {
        terminal.draw(List.of(line));
      } else if (done - shown >= PLAIN_EVERY) {
        shown = done;
        terminal.line(line);
      }
    }

    private static String counts(ImportReport report) {
      return "%d runs, %d points, %d files (%s), %d logged models, %d model versions"
          .formatted(
              report.runs(),
              report.points(),
              report.files(),
              HomeProcesses.mebibytes(report.bytes()),
              report.models(),
              report.versions());
    }
  }
}

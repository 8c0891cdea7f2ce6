package dev.pipewright.cli;

import dev.pipewright.cli.importer.ImportReport;
import dev.pipewright.cli.importer.MlflowImport;
import dev.pipewright.cli.importer.TensorboardImport;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "import",
    description = "Brings in what another tracker holds.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ImportCommand.Mlflow.class, ImportCommand.Tensorboard.class})
final class ImportCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to import from: mlflow or tensorboard");
  }

  private static URI target(Terminal terminal) {
    return URI.create(OnServer.url(terminal));
  }

  @Command(
      name = "mlflow",
      description = {
        "Imports experiments, runs, files and registered models from MLflow.",
        "It may be stopped and started again: what is there is not imported twice."
      },
      mixinStandardHelpOptions = true)
  static final class Mlflow implements Callable<Integer> {
    @Parameters(paramLabel = "FOLDER|URL", description = "An mlruns folder or a server's address.")
    private String from = "";

    @Option(
        names = "--tensorboard",
        description = "Also make metrics and images of the event files among a run's files.")
    private boolean tensorboard;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
      var terminal = Terminal.standard(System.getenv());
      var view = new View(terminal);
      try (var mlflow = open(terminal, view)) {
        return view.end((tensorboard ? mlflow.withTensorboard() : mlflow).run());
      }
    }

    private MlflowImport open(Terminal terminal, View view) {
      if (from.startsWith("http://") || from.startsWith("https://")) {
        return MlflowImport.ofServer(address(), target(terminal), view::show);
      }
      var folder = Path.of(from);
      if (!Files.isDirectory(folder)) {
        throw new ParameterException(
            spec.commandLine(), "'" + from + "' is neither a folder nor an http address");
      }
      MlflowImport.requireStore(folder);
      return MlflowImport.ofFolder(folder, target(terminal), view::show);
    }

    private URI address() {
      try {
        var uri = URI.create(from);
        if (uri.getHost() != null && uri.getQuery() == null && uri.getFragment() == null) {
          return uri;
        }
      } catch (IllegalArgumentException e) {
        throw new ParameterException(
            spec.commandLine(), "'" + from + "' is no address: " + e.getMessage(), e);
      }
      throw new ParameterException(
          spec.commandLine(), "'" + from + "' is no address such as http://host:5000");
    }
  }

  @Command(
      name = "tensorboard",
      description = {
        "Makes metrics and images of TensorBoard's event files: of those among a run's artifacts,"
            + " or of those in a folder, each of whose folders with event files becomes a run.",
        "It may be stopped and started again: what is there is not imported twice."
      },
      mixinStandardHelpOptions = true)
  static final class Tensorboard implements Callable<Integer> {
    @Parameters(
        paramLabel = "RUN_ID|FOLDER",
        description = "A run of the server, or the folder that TensorBoard reads, its --logdir.")
    private String from = "";

    @Option(
        names = "--experiment",
        paramLabel = "NAME",
        description = "Where a folder's runs go; default: the folder's name.")
    private @Nullable String experiment;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
      var terminal = Terminal.standard(System.getenv());
      var view = new View(terminal);
      boolean folder = Files.isDirectory(Path.of(from));
      if (!folder && !from.matches("[0-9a-f]{32}")) {
        throw new ParameterException(
            spec.commandLine(), "'" + from + "' is neither a folder nor a run's id");
      }
      if (!folder && experiment != null) {
        throw new ParameterException(
            spec.commandLine(), "--experiment goes with a folder; a run has its experiment");
      }
      try (var events = TensorboardImport.into(target(terminal), view::show)) {
        return view.end(folder ? events.folder(path(), name()) : events.run(from));
      }
    }

    private Path path() {
      return Path.of(from).toAbsolutePath().normalize();
    }

    private String name() {
      var last = path().getFileName();
      return experiment != null ? experiment : last == null ? "tensorboard" : last.toString();
    }
  }

  /// How an import is shown.
  private static final class View {
    /// A plain log needs a sign of life now and then, not a line per run.
    private static final int PLAIN_EVERY = 100;

    private final Terminal terminal;
    private int shown;

    View(Terminal terminal) {
      this.terminal = terminal;
    }

    void show(ImportReport report) {
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

    int end(ImportReport report) {
      terminal.draw(List.of());
      terminal.line("Imported: " + counts(report));
      if (report.runsThere() > 0) {
        terminal.line(report.runsThere() + " runs were there already.");
      }
      report.notes().forEach(note -> terminal.line("Note: " + note + "."));
      if (report.skipped().isEmpty()) {
        return Exit.OK;
      }
      terminal.line(terminal.red("Left out:"));
      report.skipped().forEach(skip -> terminal.line("  " + skip.thing() + ": " + skip.reason()));
      return Exit.FAILED;
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

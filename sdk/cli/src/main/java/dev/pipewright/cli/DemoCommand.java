package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.StartRun;
import dev.pipewright.contract.home.RunningServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    description = {
      "Trains a real model and shows it: starts the server if none runs, runs the example pipeline,",
      "follows it, and keeps serving until Ctrl-C."
    },
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final String EXAMPLE = "loan-default";

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "A table of your own: CSV with a header. Without it, simulated loans.")
  private @Nullable Path data;

  @Option(
      names = "--target",
      paramLabel = "COLUMN",
      description = "The column to predict; classification or regression is found from it.")
  private @Nullable String target;

  @Option(
      names = "--exit",
      description =
          "End after the run: exit code 0 if it succeeds, 1 if it does not. A server that this"
              + " command started is stopped.")
  private boolean exit;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    checkInput();
    var terminal = Terminal.standard(System.getenv());
    var local = LocalServer.ofEnvironment(terminal);
    var running = local.awaitOther();
    LocalServer.@Nullable Started started = null;
    RunningServer server;
    if (running.isPresent()) {
      server = running.get();
      terminal.line("Using the server at " + server.url());
    } else {
      terminal.line("Starting Pipewright");
      started = local.start();
      server = started.server();
      Foreground.stopWithUs(local, started, terminal);
    }
    int code = demo(local, server, started, terminal);
    if (exit || started == null) {
      return code;
    }
    terminal.line("");
    terminal.line(
        "Pipewright keeps serving at %s. Stop it with Ctrl-C."
            .formatted(terminal.bold(server.url())));
    return Foreground.serve(local, started);
  }

  private int demo(
      LocalServer local,
      RunningServer server,
      LocalServer.@Nullable Started started,
      Terminal terminal) {
    try (var pipewright = Pipewright.connect(URI.create(server.url()))) {
      var run = start(local, pipewright, terminal);
      terminal.line("");
      terminal.line("Running the pipeline %s, version %d".formatted(run.pipeline(), run.version()));
      terminal.line("  " + server.url() + "/pipeline-runs/" + run.id());
      terminal.line("");
      var ended =
          new Follower(pipewright, terminal, () -> started == null || started.process().isAlive())
              .follow(run);
      new RunReport(pipewright, terminal, server.url()).print(ended);
      return Exit.of(ended);
    }
  }

  private PipelineRun start(LocalServer local, Pipewright pipewright, Terminal terminal) {
    var pipeline = local.installation().example(EXAMPLE);
    if (data == null) {
      terminal.line("Simulating loans, some of which default (made from a seed, not real)");
      return withSimulatedData(
          local.installation(), table -> start(pipewright, pipeline, table, null));
    }
    return start(pipewright, pipeline, data, target);
  }

  private static PipelineRun start(
      Pipewright pipewright, Path pipeline, Path table, @Nullable String target) {
    var version = pipewright.pipelines().apply(pipeline);
    var params = new LinkedHashMap<String, String>();
    params.put("data", table.toString());
    if (target != null) {
      params.put("target", target);
      if (version.params().containsKey("model")) {
        params.put("model", modelName(table));
      }
    }
    return pipewright
        .runs()
        .start(
            version.pipeline(),
            new StartRun(
                version.version(), Params.read(params, version.params(), pipewright.blobs())),
            UUID.randomUUID().toString());
  }

  /// A name for the catalog: `German Credit.csv` becomes `german-credit`.
  static String modelName(Path table) {
    var file = String.valueOf(table.getFileName()).toLowerCase(Locale.ROOT);
    int dot = file.indexOf('.', 1);
    var name =
        (dot < 0 ? file : file.substring(0, dot))
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^-|-$", "");
    return name.isEmpty() ? "model" : name;
  }

  /// What is done with the table before it is removed.
  private interface Use {
    PipelineRun of(Path table);
  }

  private static PipelineRun withSimulatedData(Installation installation, Use use) {
    try {
      var folder = Files.createTempDirectory("pipewright-demo");
      var table = folder.resolve(EXAMPLE + ".csv");
      try {
        var process =
            new ProcessBuilder(installation.demoDataCommand(table))
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        if (code != 0) {
          throw new ProblemException(
              ProblemCode.INTERNAL,
              "The demo's table could not be made (exit code %d): %s"
                  .formatted(code, said.strip()));
        }
        return use.of(table);
      } finally {
        Files.deleteIfExists(table);
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      throw new ProblemException(
          ProblemCode.INTERNAL, "The demo's table could not be made: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while making the demo's table", e);
    }
  }

  /// Before anything is started: a wrong file should not cost a minute.
  private void checkInput() {
    if ((data == null) != (target == null)) {
      throw new ParameterException(
          spec == null ? Main.commandLine() : spec.commandLine(),
          data == null
              ? "--target needs --data, the table it is a column of"
              : "--data needs --target, the column to predict");
    }
    if (data != null && target != null) {
      Csv.check(data, target);
    }
  }
}

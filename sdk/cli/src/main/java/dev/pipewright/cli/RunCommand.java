package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.StartRun;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "run",
    description = "Stores a pipeline and starts a run of it on the server that runs.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The pipeline, a YAML file.")
  private Path file = Path.of("");

  @Option(
      names = {"-p", "--param"},
      paramLabel = "NAME=VALUE",
      description = "A param. For data, the path of a file, which is uploaded.")
  private Map<String, String> params = new LinkedHashMap<>();

  @Option(
      names = "--wait",
      description = "Follow the run; exit code 0 if it succeeds, 1 if it does not.")
  private boolean follow;

  @Override
  public Integer call() {
    var terminal = Terminal.standard(System.getenv());
    var local = LocalServer.ofEnvironment(terminal);
    var url = local.requireRunning().url();
    try (var pipewright = Pipewright.connect(URI.create(url))) {
      var run = start(pipewright, file, params);
      terminal.line("%s version %d, run %s".formatted(run.pipeline(), run.version(), run.id()));
      if (!follow) {
        terminal.line("  " + url + "/pipeline-runs/" + run.id());
        return Exit.OK;
      }
      // Whoever stopped the server may start it again; how long that may take, the client knows.
      var ended = new Follower(pipewright, terminal, () -> true).follow(run);
      new RunReport(pipewright, terminal, url).print(ended);
      return Exit.of(ended);
    }
  }

  static PipelineRun start(Pipewright pipewright, Path file, Map<String, String> params) {
    var version = pipewright.pipelines().apply(file);
    var values = Params.read(params, version.params(), pipewright.blobs());
    return pipewright
        .runs()
        .start(
            version.pipeline(),
            new StartRun(version.version(), values),
            UUID.randomUUID().toString());
  }
}

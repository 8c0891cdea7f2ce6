package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineVersion;
import dev.pipewright.contract.api.StartRun;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "run",
    description = "Starts a run: of a file, which is stored first, or of a stored pipeline.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  /// What a name looks like, which no path of a YAML file does.
  private static final Pattern STORED = Pattern.compile("[a-z][a-z0-9-]*(@.*)?");

  @Parameters(
      paramLabel = "FILE|NAME",
      description = "A YAML file, or the name of a stored pipeline, such as churn or churn@3.")
  private String pipeline = "";

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
    var url = OnServer.url(terminal);
    try (var pipewright = Pipewright.connect(URI.create(url))) {
      var run = start(pipewright, version(pipewright), params);
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

  private PipelineVersion version(Pipewright pipewright) {
    return Files.exists(Path.of(pipeline)) || !STORED.matcher(pipeline).matches()
        ? pipewright.pipelines().apply(Path.of(pipeline))
        : PipelinesCommand.version(pipewright, pipeline);
  }

  private static PipelineRun start(
      Pipewright pipewright, PipelineVersion version, Map<String, String> params) {
    var values = Params.read(params, version.params(), pipewright.blobs());
    return pipewright
        .runs()
        .start(
            version.pipeline(),
            new StartRun(version.version(), values),
            UUID.randomUUID().toString());
  }
}

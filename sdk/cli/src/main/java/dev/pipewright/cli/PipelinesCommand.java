package dev.pipewright.cli;

import dev.pipewright.cli.RunsCommand.ServerCommand;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Pipeline;
import dev.pipewright.contract.api.PipelineVersion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Pipelines and their versions.
@Command(
    name = "pipelines",
    description = "Stores pipelines, and shows them and their versions.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PipelinesCommand.Apply.class,
      PipelinesCommand.List_.class,
      PipelinesCommand.Versions.class,
      PipelinesCommand.Show.class,
      PipelinesCommand.Diff.class
    })
final class PipelinesCommand extends Commands {
  @Command(
      name = "apply",
      description = "Stores a pipeline; the same content again stays the version it is.",
      mixinStandardHelpOptions = true)
  static final class Apply extends ServerCommand {
    @Parameters(paramLabel = "FILE", description = "The pipeline, a YAML file.")
    private Path file = Path.of("");

    @Override
    int call(Pipewright pipewright, String url) {
      var version = pipewright.pipelines().apply(file);
      terminal.line("%s version %d".formatted(version.pipeline(), version.version()));
      return Exit.OK;
    }
  }

  @Command(name = "list", description = "All pipelines.", mixinStandardHelpOptions = true)
  static final class List_ extends ServerCommand {
    @Mixin private Output output = new Output();

    @Override
    int call(Pipewright pipewright, String url) {
      var pipelines = new ArrayList<Pipeline>();
      @Nullable String after = null;
      do {
        var page = pipewright.pipelines().list(after);
        pipelines.addAll(page.items());
        after = page.next();
      } while (after != null);
      if (output.isJson()) {
        terminal.line(Output.json(pipelines));
      } else if (pipelines.isEmpty()) {
        terminal.line("There are no pipelines.");
      } else {
        print(
            Output.table(
                List.of("PIPELINE", "VERSION", "CHANGED", ""),
                pipelines.stream()
                    .map(each ->
                        List.of(
                            each.name(),
                            String.valueOf(each.latestVersion()),
                            ago(each.updatedAt()),
                            each.description() == null ? "" : each.description()))
                    .toList()));
      }
      return Exit.OK;
    }
  }

  @Command(
      name = "versions",
      description = "The versions of a pipeline, newest first.",
      mixinStandardHelpOptions = true)
  static final class Versions extends ServerCommand {
    @Parameters(paramLabel = "PIPELINE", description = "Its name.")
    private String pipeline = "";

    @Mixin private Output output = new Output();

    @Override
    int call(Pipewright pipewright, String url) {
      var versions = new ArrayList<PipelineVersion>();
      @Nullable String after = null;
      do {
        var page = pipewright.pipelines().versions(pipeline, after);
        versions.addAll(page.items());
        after = page.next();
      } while (after != null);
      if (output.isJson()) {
        terminal.line(Output.json(versions));
        return Exit.OK;
      }
      print(
          Output.table(
              List.of("VERSION", "TASKS", "STORED", "DIGEST"),
              versions.stream()
                  .map(each ->
                      List.of(
                          String.valueOf(each.version()),
                          String.valueOf(each.tasks().size()),
                          ago(each.createdAt()),
                          each.digest()))
                  .toList()));
      return Exit.OK;
    }
  }

  @Command(
      name = "show",
      description = "The document of a pipeline, as it was stored.",
      mixinStandardHelpOptions = true)
  static final class Show extends ServerCommand {
    @Parameters(paramLabel = "PIPELINE", description = "Its name, or name@version.")
    private String pipeline = "";

    @Mixin private Output output = new Output();

    @Override
    int call(Pipewright pipewright, String url) {
      var version = version(pipewright, pipeline);
      terminal.line(output.isJson() ? Output.json(version) : version.source().stripTrailing());
      return Exit.OK;
    }
  }

  @Command(
      name = "diff",
      description =
          "What changed between two versions, or between the latest version and a file; exit code 1"
              + " when something did.",
      mixinStandardHelpOptions = true)
  static final class Diff extends ServerCommand {
    @Parameters(index = "0", paramLabel = "PIPELINE", description = "Its name, or name@version.")
    private String before = "";

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "PIPELINE",
        description = "The other version; default: the one before.")
    private @Nullable String after;

    @Option(names = "--file", paramLabel = "FILE", description = "Compare with this file.")
    private @Nullable Path file;

    @Override
    int call(Pipewright pipewright, String url) {
      var first = version(pipewright, before);
      String from;
      String to;
      if (file != null) {
        from = first.source();
        to = dev.pipewright.client.Pipelines.read(file);
      } else if (after != null) {
        from = first.source();
        to = version(pipewright, after).source();
      } else {
        if (first.version() == 1) {
          throw new ProblemException(
              ProblemCode.PIPELINE_NOT_FOUND,
              "Pipeline '%s' has only one version.".formatted(first.pipeline()),
              "Name a file with --file to compare it with.");
        }
        from = pipewright.pipelines().version(first.pipeline(), first.version() - 1).source();
        to = first.source();
      }
      var lines = LineDiff.of(from.lines().toList(), to.lines().toList());
      lines.forEach(line ->
          terminal.line(
              line.startsWith("+")
                  ? terminal.green(line)
                  : line.startsWith("-") ? terminal.red(line) : line));
      return lines.isEmpty() ? Exit.OK : Exit.FAILED;
    }
  }

  /// @param name of a pipeline, or `name@3`
  static PipelineVersion version(Pipewright pipewright, String name) {
    int at = name.indexOf('@');
    if (at < 0) {
      return pipewright.pipelines().version(name, pipewright.pipelines().get(name).latestVersion());
    }
    var number = name.substring(at + 1);
    if (!number.matches("[1-9]\\d{0,8}")) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "'%s' names no version.".formatted(name), "Write name@3.");
    }
    return pipewright.pipelines().version(name.substring(0, at), Integer.parseInt(number));
  }
}

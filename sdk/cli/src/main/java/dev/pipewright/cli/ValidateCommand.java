package dev.pipewright.cli;

import dev.pipewright.client.Pipelines;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.Work;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "validate",
    description = "Checks a pipeline and says all that is wrong with it; needs no server.",
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The pipeline, a YAML file.")
  private Path file = Path.of("");

  @Override
  public Integer call() {
    var spec = PipelineLanguage.require(Pipelines.read(file));
    int tasks = spec.tasks().size();
    var terminal = Terminal.standard(System.getenv());
    terminal.line(
        "%s is valid: pipeline '%s' with %d %s."
            .formatted(file, spec.name(), tasks, tasks == 1 ? "task" : "tasks"));
    var calls =
        spec.tasks().values().stream()
            .filter(task -> task.work() instanceof Work.Call)
            .map(task -> "%s (task '%s')".formatted(task.work().label(), task.name()))
            .collect(Collectors.joining(", "));
    if (!calls.isEmpty()) {
      terminal.line(
          "Not checked, as only a server knows them, are the pipelines it calls: " + calls + ".");
    }
    return Exit.OK;
  }
}

package dev.pipewright.cli;

import dev.pipewright.client.Pipelines;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// A picture of a pipeline, as text that others draw.
@Command(
    name = "diagram",
    description = "Prints a pipeline's graph as Mermaid; needs no server.",
    mixinStandardHelpOptions = true)
final class DiagramCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The pipeline, a YAML file.")
  private Path file = Path.of("");

  @Override
  public Integer call() {
    var spec = PipelineLanguage.require(Pipelines.read(file));
    Terminal.standard(System.getenv()).line(mermaid(spec));
    return Exit.OK;
  }

  static String mermaid(PipelineSpec spec) {
    var text = new StringBuilder("flowchart TD\n");
    for (var task : spec.tasks().values()) {
      var label = task.name() + "<br/><small>" + escaped(task.work().label()) + "</small>";
      var many = task.isGroup() ? "[[\"%s\"]]" : "[\"%s\"]";
      text.append("  ").append(id(task.name())).append(many.formatted(label)).append('\n');
    }
    for (var task : spec.tasks().values()) {
      for (var need : task.needs()) {
        var why = need.equals(task.elseOf()) ? "|else|" : task.when() != null ? "|when|" : "";
        text.append("  ")
            .append(id(need))
            .append(" -->")
            .append(why)
            .append(' ')
            .append(id(task.name()))
            .append('\n');
      }
    }
    return text.toString().stripTrailing();
  }

  /// `end` and the like mean something to Mermaid.
  private static String id(String name) {
    return "t_" + name.replace('-', '_');
  }

  private static String escaped(String label) {
    var shortened = label.length() > 60 ? label.substring(0, 59) + "…" : label;
    return shortened
        .replace("&", "&amp;")
        .replace("\"", "&quot;")
        .replace("<", "&lt;")
        .replace(">", "&gt;");
  }
}

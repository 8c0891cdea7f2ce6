package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BuiltinTasksTest {
  @Test
  void the_reference_says_what_is_so() throws IOException {
    var root = Path.of(System.getProperty("pipewright.root", "."));
    var file = root.resolve("docs/reference/pipeline-language.md");
    var reference = Files.readString(file);
    int end = reference.indexOf("BuiltinTasksTest compares. -->") + 30;
    if (Boolean.getBoolean("pipewright.update")) {
      Files.writeString(file, reference.substring(0, end) + "\n\n" + markdown() + "\n");
    }
    assertThat(Files.readString(file).substring(end).strip()).isEqualTo(markdown());
  }

  private static String markdown() {
    var text = new StringBuilder();
    for (var task : BuiltinTasks.all().values()) {
      text.append("### ")
          .append(task.uses())
          .append("\n\n")
          .append(task.description())
          .append(task.impure() ? ". It is impure: never taken from the cache." : ".")
          .append("\n\n");
      if (!task.inputs().isEmpty()) {
        text.append("| input | type | default | |\n|---|---|---|---|\n");
        task.inputs()
            .forEach((name, input) ->
                text.append(
                    "| `%s` | %s | %s | %s |\n"
                        .formatted(
                            name,
                            input.type().word(),
                            input.required()
                                ? "required"
                                : input.defaultValue() == null
                                    ? ""
                                    : "`" + input.defaultValue().asText() + "`",
                            input.description())));
      }
      if (!task.outputs().isEmpty()) {
        text.append("\n| output | type | |\n|---|---|---|\n");
        task.outputs()
            .forEach((name, output) ->
                text.append(
                    "| `%s` | %s | %s |\n"
                        .formatted(
                            name, output.type().word(), output.required() ? "" : "may be absent")));
      }
      text.append('\n');
    }
    return text.toString().strip();
  }
}

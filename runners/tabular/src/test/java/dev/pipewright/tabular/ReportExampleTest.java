package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The example's report, a program of its own, on what `evaluate` writes. Without a python3 these
/// tests are skipped.
class ReportExampleTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "default, ROC curve, Confusion matrix, AUC",
    "purpose, ROC curve, Confusion matrix, Macro F1",
    "income, Predicted against actual, guide, RMSE"
  })
  void makes_a_page(String target, String picture, String other, String metric) throws Exception {
    assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator, -1)))
        .as("a python3 on the PATH")
        .anyMatch(path -> Files.isExecutable(Path.of(path, "python3")));
    var data = folder.resolve("loans.csv");
    DemoData.write(data, 400, 3);
    var evaluated = Flow.learn(folder, data, target).evaluate();
    var inputs = Files.createDirectories(folder.resolve("inputs"));
    Files.copy(evaluated.outputs().resolve("report.json"), inputs.resolve("evaluation"));
    Files.writeString(inputs.resolve("target"), target);
    Files.writeString(inputs.resolve("name"), "<loans>");
    Files.writeString(inputs.resolve("version"), "7");

    var log = run(inputs);
    assertThat(log).contains("<loans> version 7", metric, "Wrote report.html");
    assertThat(Files.readString(folder.resolve("report.html")))
        .contains("<title>&lt;loans&gt; version 7</title>", picture, other, metric, "<svg")
        .doesNotContain("<loans>", "http://", "https://");
  }

  private String run(Path inputs) throws IOException, InterruptedException {
    var root = Path.of(System.getProperty("pipewright.root", ".")).toAbsolutePath();
    var builder =
        new ProcessBuilder("python3", root.resolve("examples/loan-default/report.py").toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile());
    builder.environment().put("PIPEWRIGHT_INPUTS", inputs.toString());
    builder.environment().put("PYTHONIOENCODING", "utf-8");
    var process = builder.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    var log = Files.readString(folder.resolve("log"));
    assertThat(process.exitValue()).as(log).isZero();
    return log;
  }
}

import de.siegmar.fastcsv.writer.CsvWriter;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.automl.Automl;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Runs `pipewright/automl@v1` on one table as its task would, without a server, and writes what the
/// model predicts of another: a column of probabilities for each class, or one of values.
///
/// `java -cp … Ours.java train.csv target budget test.csv predictions.csv [input=value …]`
class Ours {
  public static void main(String[] args) throws Exception {
    var folder = Files.createTempDirectory("automl-bench");
    var inputs = new HashMap<String, String>(Map.of("target", args[1], "budget", args[2]));
    for (int i = 5; i < args.length; i++) {
      inputs.put(args[i].split("=", 2)[0], args[i].split("=", 2)[1]);
    }
    var context = new Alone(folder, Path.of(args[0]), inputs);
    long began = System.nanoTime();
    new Automl().run(context);
    double seconds = (System.nanoTime() - began) / 1e9;
    var test = Frames.read(Path.of(args[3]), "test");
    try (var predictor = Predictor.open(folder.resolve("model"));
        var csv = CsvWriter.builder().build(Path.of(args[4]))) {
      var predicted = predictor.predict(test);
      // The first time also compiles.
      long start = System.nanoTime();
      predictor.predict(test);
      System.out.printf(
          "seconds=%.2f predict_us_per_row=%.1f%n",
          seconds, (System.nanoTime() - start) / 1e3 / test.rows());
      var classes = predictor.card().target().classes();
      csv.writeRecord(classes.isEmpty() ? List.of("value") : classes);
      for (var row : predicted) {
        var cells = new ArrayList<String>();
        for (double value : row) {
          cells.add(Double.toString(value));
        }
        csv.writeRecord(cells);
      }
    }
    try (var all = Files.walk(folder)) {
      all.sorted(java.util.Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    }
  }

  record Alone(Path folder, Path train, Map<String, String> inputs) implements TaskContext {
    @Override
    public TaskLaunch launch() {
      return new TaskLaunch(
          "bench", 1, "bench", 1, "bench", "automl", "a".repeat(32), "b".repeat(32), "bench",
          "pipewright/automl@v1", List.of(), Map.of(), Map.of(), List.of(), Map.of(),
          checkpoints().toString(), null, false, "http://127.0.0.1:1", "127.0.0.1:1", Map.of(), true,
          10_000, TaskLaunch.Limits.NONE, null);
    }

    @Override
    public Optional<String> text(String input) {
      return Optional.ofNullable(inputs.get(input));
    }

    @Override
    public Optional<Double> number(String input) {
      return text(input).map(Double::valueOf);
    }

    @Override
    public Optional<Boolean> flag(String input) {
      return text(input).map(Boolean::valueOf);
    }

    @Override
    public Optional<String> variable(String name) {
      return Optional.empty();
    }

    @Override
    public DataRef data(String input) {
      return DataRef.file(DataRef.Kind.DATASET, train.getFileName().toString(), "sha256:0", 1);
    }

    @Override
    public Path staged(String input) {
      return train;
    }

    @Override
    public void output(String name, Object scalar) {
      System.out.println(name + "=" + scalar);
    }

    @Override
    public void output(String name, DataRef data) {}

    @Override
    public Path outputs() {
      return made("outputs");
    }

    @Override
    public Path artifacts() {
      return made("artifacts");
    }

    @Override
    public Path checkpoints() {
      return made("checkpoints");
    }

    private Path made(String name) {
      try {
        return Files.createDirectories(folder.resolve(name));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void logParam(String key, Object value) {}

    @Override
    public void logTag(String key, String value) {}

    @Override
    public void logMetric(String key, long step, double value) {}

    @Override
    public void logMetric(String key, long step, double value, String modelId) {}

    @Override
    public void logDataset(DataRef dataset, String role, long rows) {}

    @Override
    public DataRef logModel(String name, String flavor, Path from, Map<String, String> params) {
      try (var files = Files.walk(from)) {
        for (var file : files.toList()) {
          var to = folder.resolve(name).resolve(from.relativize(file).toString());
          if (Files.isDirectory(file)) {
            Files.createDirectories(to);
          } else {
            Files.copy(file, to);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return data(name);
    }

    @Override
    public boolean cancelled() {
      return false;
    }
  }
}

import ai.h2o.automl.AutoML;
import ai.h2o.automl.AutoMLBuildSpec;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import water.ExtensionManager;
import water.H2O;
import water.Key;
import water.fvec.Frame;
import water.fvec.NFSFileVec;
import water.parser.ParseDataset;

/// H2O AutoML on one table, headless, with all of the machine's cores.
///
/// `java … H2o.java train.csv target seconds test.csv predictions.csv classification|regression`
class H2o {
  public static void main(String[] args) throws Exception {
    H2O.main(
        new String[] {
          "-disable_web", "-nthreads", "2", "-allow_unsupported_java", "-log_level", "ERRR", "-name",
          "bench-" + ProcessHandle.current().pid()
        });
    ExtensionManager.getInstance().registerRestApiExtensions();
    H2O.waitForCloudSize(1, 60_000);
    long began = System.nanoTime();
    boolean classify = args[5].equals("classification");
    var train = read("train", args[0], args[1], classify);
    var spec = new AutoMLBuildSpec();
    spec.input_spec.training_frame = train._key;
    spec.input_spec.response_column = args[1];
    spec.build_control.project_name = "bench";
    spec.build_control.stopping_criteria.set_max_runtime_secs(Double.parseDouble(args[2]));
    spec.build_control.stopping_criteria.set_seed(1);
    var automl = AutoML.startAutoML(spec);
    automl.get();
    double seconds = (System.nanoTime() - began) / 1e9;
    var test = read("test", args[3], args[1], classify);
    var predicted = automl.leader().score(test);
    try (var out = new PrintWriter(Files.newBufferedWriter(Path.of(args[4])))) {
      int from = classify ? 1 : 0;
      var header = new StringBuilder();
      for (int c = from; c < predicted.numCols(); c++) {
        var name = predicted.names()[c];
        // A class whose name is a number gets a letter before it.
        var domain = classify ? train.vec(args[1]).domain()[c - 1] : name;
        header.append(header.isEmpty() ? "" : ",").append(domain);
      }
      out.println(header);
      for (long row = 0; row < predicted.numRows(); row++) {
        var line = new StringBuilder();
        for (int c = from; c < predicted.numCols(); c++) {
          line.append(line.isEmpty() ? "" : ",").append(predicted.vec(c).at(row));
        }
        out.println(line);
      }
    }
    System.out.printf("seconds=%.2f%n", seconds);
    Runtime.getRuntime().halt(0);
  }

  private static Frame read(String key, String file, String target, boolean classify) {
    var bytes = NFSFileVec.make(Path.of(file).toFile());
    var frame = ParseDataset.parse(Key.make(key + ".hex"), bytes._key);
    int at = frame.find(target);
    if (classify && !frame.vec(at).isCategorical()) {
      var old = frame.replace(at, frame.vec(at).toCategoricalVec());
      old.remove();
      water.DKV.put(frame);
    }
    return frame;
  }
}

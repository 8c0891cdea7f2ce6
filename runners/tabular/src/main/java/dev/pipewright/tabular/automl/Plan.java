package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Json;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// A search's folder: what it is about, and what came out of it so far. The processes of a search
/// meet here, and an attempt that follows one that was stopped goes on from it.
///
/// - `plan.json` and `table/`: goal, columns and rows, each with a target
/// - `labels.bin`: each row's class or value
/// - `folds-<repeat>.bin`: each row's fold
/// - `encoders/<key>.json`: as learned from a fold's training rows
/// - `trials/<number>/`: `trial.json`, models, and predictions of the rows that judge
record Plan(Path folder, Head head) {
  /// @param about what was asked for, so that another search does not go on from here
  record Head(
      String about, Goal goal, List<Profile> columns, int folds, boolean ordered, long seed) {}

  static Plan open(Path folder) throws IOException {
    return new Plan(
        folder, Json.MAPPER.readValue(folder.resolve("plan.json").toFile(), Head.class));
  }

  /// Written last, it says that the rest is whole.
  void write() throws IOException {
    writeWhole(folder.resolve("plan.json"), Json.MAPPER.writeValueAsBytes(head));
  }

  Goal goal() {
    return head.goal();
  }

  Path table() {
    return folder.resolve("table");
  }

  Path trial(int number) {
    return folder.resolve("trials").resolve(Integer.toString(number));
  }

  Path predictions(int number, int repeat, int fold) {
    return trial(number).resolve("predicted-%d-%d.bin".formatted(repeat, fold));
  }

  Path model(int number, int repeat, int fold) {
    return trial(number).resolve("model-%d-%d".formatted(repeat, fold));
  }

  static String encoderKey(Encoding encoding, int repeat, int fold) {
    return "%s-%s-%d-%d-%d"
        .formatted(
            encoding.categories().name().toLowerCase(java.util.Locale.ROOT),
            encoding.numbers().name().toLowerCase(java.util.Locale.ROOT),
            encoding.words(),
            repeat,
            fold);
  }

  Path encoder(String key) {
    return folder.resolve("encoders").resolve(key + ".json");
  }

  Frame frame() throws IOException {
    return Frame.open(table());
  }

  void writeLabels(float[] labels) throws IOException {
    var bytes = ByteBuffer.allocate(labels.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(labels);
    Files.write(folder.resolve("labels.bin"), bytes.array());
  }

  float[] labels() throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("labels.bin")));
    var labels = new float[bytes.remaining() / Float.BYTES];
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(labels);
    return labels;
  }

  private Path foldsFile(int repeat) {
    return folder.resolve("folds-%d.bin".formatted(repeat));
  }

  boolean hasFolds(int repeat) {
    return Files.exists(foldsFile(repeat));
  }

  void writeFolds(int repeat, Folds folds) throws IOException {
    var bytes =
        ByteBuffer.allocate(folds.of().length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(folds.of());
    writeWhole(foldsFile(repeat), bytes.array());
  }

  Folds folds(int repeat) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(foldsFile(repeat)));
    var of = new int[bytes.remaining() / Integer.BYTES];
    bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(of);
    return new Folds(of, head.folds(), head.ordered());
  }

  static void writeDoubles(Path file, double[] values) throws IOException {
    var bytes = ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    Files.write(file, bytes.array());
  }

  static double[] readDoubles(Path file) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    var values = new double[bytes.remaining() / Double.BYTES];
    bytes.order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
    return values;
  }

  /// There is the whole file or none.
  static void writeWhole(Path file, byte[] bytes) throws IOException {
    Files.createDirectories(file.getParent());
    var incoming = Files.createTempFile(file.getParent(), "incoming", ".tmp");
    Files.write(incoming, bytes);
    Files.move(incoming, file, StandardCopyOption.ATOMIC_MOVE);
  }
}

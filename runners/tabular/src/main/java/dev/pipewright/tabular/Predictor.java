package dev.pipewright.tabular;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Frame;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.ServiceLoader;

/// A model ready to predict, whatever trained it. Close it: some live outside the heap.
public interface Predictor extends AutoCloseable {
  /// @throws dev.pipewright.contract.ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  static Predictor open(Path folder) throws IOException {
    var flavor = ModelCard.read(folder).flavor();
    var readers = ServiceLoader.load(ModelReader.class, ModelReader.class.getClassLoader());
    for (var reader : readers) {
      if (reader.flavor().equals(flavor)) {
        return reader.open(folder);
      }
    }
    throw new ProblemException(
        ProblemCode.MODEL_UNREADABLE,
        "nothing here reads a model of flavour '%s'".formatted(flavor));
  }

  ModelCard card();

  /// A row of probabilities for each row of the table, in the order of the classes; or, for a
  /// regression, a single number.
  ///
  /// @throws dev.pipewright.contract.ProblemException COLUMN_NOT_FOUND
  double[][] predict(Frame frame);

  /// Above what number a row is an anomaly, of a model that looks for them.
  default OptionalDouble threshold() {
    return OptionalDouble.empty();
  }

  @Override
  void close();
}

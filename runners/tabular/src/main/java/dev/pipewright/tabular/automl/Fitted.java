package dev.pipewright.tabular.automl;

import java.io.IOException;
import java.nio.file.Path;

/// A model of one fold. Close it: some live outside the heap.
interface Fitted extends AutoCloseable {
  /// Row after row, as many numbers as the goal has outputs.
  double[] predict(Matrix matrix);

  /// Writes what [Learner#load] reads.
  ///
  /// @param file without an extension, which each family adds
  void save(Path file) throws IOException;

  @Override
  default void close() {}
}

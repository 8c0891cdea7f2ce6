package dev.pipewright.tabular.automl;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// A model of one fold. Close it: some live outside the heap.
interface Fitted extends AutoCloseable {
  /// Row after row, as many numbers as the goal has outputs.
  double[] predict(Matrix matrix);

  /// Writes what [Learner#load] reads.
  ///
  /// @param file without an extension, which each family adds
  void save(Path file) throws IOException;

  /// Writes itself as operations.
  ///
  /// @param matrix rows of floats
  /// @return doubles, what [#predict] says
  /// @throws ProblemException ONNX_UNSUPPORTED
  default String export(Graph graph, String matrix) {
    throw new ProblemException(
        ProblemCode.ONNX_UNSUPPORTED,
        "a part of the ensemble, a model of %s, cannot be written as ONNX"
            .formatted(getClass().getEnclosingClass().getSimpleName().toLowerCase(Locale.ROOT)),
        "Search again with 'onnx: true', which tries only models that can.");
  }

  @Override
  default void close() {}
}

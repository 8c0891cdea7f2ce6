package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/// What is learned from, or judged by. Asked by several threads at once.
public interface Examples {
  int size();

  /// The examples at these places, one row each in every array.
  ///
  /// @param manager owns the arrays, and says on which device they are
  Batch batch(NDManager manager, int[] places);

  /// How many units of [#unit] an example has.
  default int weight() {
    return 1;
  }

  /// What throughput is counted in.
  default String unit() {
    return "rows";
  }

  /// @param inputs what the block is given
  /// @param labels what it is to find
  record Batch(NDList inputs, NDList labels) {}
}

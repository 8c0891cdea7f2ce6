package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/// What a training makes small: a single number, the mean over the rows of a batch.
@FunctionalInterface
public interface Objective {
  NDArray of(NDList outputs, NDList labels);

  /// For classes: the outputs are logits, the labels the classes' positions.
  static Objective crossEntropy() {
    return (outputs, labels) -> Torch.crossEntropy(outputs.head(), labels.head());
  }

  /// For numbers: the mean of the squared differences.
  static Objective squaredError() {
    return (outputs, labels) ->
        outputs.head().reshape(-1).sub(labels.head().reshape(-1)).square().mean();
  }
}

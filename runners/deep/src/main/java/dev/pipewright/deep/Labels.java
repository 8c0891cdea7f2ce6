package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/// What rows are to be found as.
///
/// @param values positions of classes, or numbers
record Labels(float[] values, boolean classes) {
  NDArray at(NDManager manager, int[] places) {
    if (classes) {
      var chosen = new long[places.length];
      for (int i = 0; i < places.length; i++) {
        chosen[i] = (long) values[places[i]];
      }
      return manager.create(chosen);
    }
    var chosen = new float[places.length];
    for (int i = 0; i < places.length; i++) {
      chosen[i] = values[places[i]];
    }
    return manager.create(chosen);
  }

  Labels some(int[] places) {
    var chosen = new float[places.length];
    for (int i = 0; i < places.length; i++) {
      chosen[i] = values[places[i]];
    }
    return new Labels(chosen, classes);
  }
}

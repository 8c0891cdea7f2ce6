package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/// Examples of texts as tokens, all of one length: what is longer is cut off, what is shorter is
/// padded with 0.
///
/// @param atTheEnd whether texts end at the end, so that the padding comes first
record Texts(int[][] tokens, int length, boolean atTheEnd, Labels labels) implements Examples {
  @Override
  public int size() {
    return tokens.length;
  }

  @Override
  public Batch batch(NDManager manager, int[] places) {
    var padded = new long[places.length * length];
    for (int i = 0; i < places.length; i++) {
      var text = tokens[places[i]];
      int used = Math.min(length, text.length);
      int from = i * length + (atTheEnd ? length - used : 0);
      for (int j = 0; j < used; j++) {
        padded[from + j] = text[j];
      }
    }
    return new Batch(
        new NDList(manager.create(padded, new Shape(places.length, length))),
        new NDList(labels.at(manager, places)));
  }
}

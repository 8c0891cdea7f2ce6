package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;

/// Parts that several architectures have.
final class Layers {
  private Layers() {}

  static Block recurrent(String cell, int width, int layers, double dropout) {
    // Between layers, so a single one has none.
    float between = layers > 1 ? (float) dropout : 0;
    return switch (cell) {
      case "lstm" ->
          LSTM.builder().setStateSize(width).setNumLayers(layers).optDropRate(between).build();
      case "gru" ->
          GRU.builder().setStateSize(width).setNumLayers(layers).optDropRate(between).build();
      default -> throw new IllegalArgumentException("no cell is called " + cell);
    };
  }

  /// What comes out after the last step of each sequence; sequences that are shorter begin with
  /// padding, so all end at the same place.
  static NDArray lastStep(NDArray steps) {
    return steps.get(new NDIndex(":, -1, :"));
  }

  static LayerNorm norm() {
    return LayerNorm.builder().axis(2).build();
  }

  static Dropout drop(double share) {
    return Dropout.builder().optRate((float) share).build();
  }

  static void addDropout(SequentialBlock block, double share) {
    if (share > 0) {
      block.add(drop(share));
    }
  }
}

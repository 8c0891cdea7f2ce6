package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;

/// A row of numbers for each of a fixed number of things, which are named by their positions.
final class Embedding extends AbstractBlock {
  private static final float SPREAD = 0.1f;

  private final int width;
  private final Parameter table;

  @SuppressWarnings("this-escape")
  Embedding(int things, int width) {
    this.width = width;
    table =
        addParameter(
            Parameter.builder()
                .setName("table")
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(things, width))
                .optInitializer(new NormalInitializer(SPREAD))
                .build());
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    var places = inputs.head();
    return new NDList(rows(places, store.getValue(table, places.getDevice(), training)));
  }

  static NDArray rows(NDArray places, NDArray table) {
    return Torch.embedding(places, table);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputs) {
    return new Shape[] {inputs[0].add(width)};
  }
}

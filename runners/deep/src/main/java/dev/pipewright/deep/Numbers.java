package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Examples of numbers: rows, images or sequences of rows, each as one array.
///
/// @param each an example's shape
record Numbers(float[][] values, Shape each, Labels labels) implements Examples {
  @Override
  public int size() {
    return values.length;
  }

  @Override
  public Batch batch(NDManager manager, int[] places) {
    int width = (int) each.size();
    var bytes =
        ByteBuffer.allocateDirect(places.length * width * Float.BYTES)
            .order(ByteOrder.nativeOrder());
    var floats = bytes.asFloatBuffer();
    for (int place : places) {
      floats.put(values[place]);
    }
    var shape = new Shape(places.length).addAll(each);
    return new Batch(
        new NDList(manager.create(bytes, shape, ai.djl.ndarray.types.DataType.FLOAT32)),
        new NDList(labels.at(manager, places)));
  }
}

package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import java.util.Random;

/// Points around three centres, the classes.
record Blobs(float[][] points, long[] classes) implements Examples {
  static final Shape INPUT = new Shape(1, 2);

  static Blobs of(int size, long seed) {
    var random = new Random(seed);
    var points = new float[size][];
    var classes = new long[size];
    for (int i = 0; i < size; i++) {
      classes[i] = random.nextInt(3);
      double angle = classes[i] * 2 * Math.PI / 3;
      points[i] =
          new float[] {
            (float) (2 * Math.cos(angle) + random.nextGaussian()),
            (float) (2 * Math.sin(angle) + random.nextGaussian())
          };
    }
    return new Blobs(points, classes);
  }

  /// With all that has a state of its own: dropout draws, a batch norm's means run.
  static Block block() {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(16).build())
        .add(BatchNorm.builder().build())
        .add(Activation::relu)
        .add(Dropout.builder().optRate(0.2f).build())
        .add(Linear.builder().setUnits(3).build());
  }

  @Override
  public int size() {
    return points.length;
  }

  @Override
  public Batch batch(NDManager manager, int[] places) {
    var rows = new float[places.length][];
    var labels = new long[places.length];
    for (int i = 0; i < places.length; i++) {
      rows[i] = points[places[i]];
      labels[i] = classes[places[i]];
    }
    return new Batch(new NDList(manager.create(rows)), new NDList(manager.create(labels)));
  }
}

package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;

/// Transformer layers with the norm before each part: `x + attend(norm(x))`, then `x +
/// think(norm(x))`.
final class Attention {
  private static final float SPREAD = 0.02f;

  /// Added to a score, it leaves nothing of it; 16 bits can hold it.
  private static final float NEVER = -3e4f;

  private Attention() {}

  /// One layer. It is given the tokens' rows and what is added to the scores.
  static final class Layer extends AbstractBlock {
    private final int width;
    private final int heads;
    private final Block before;
    private final Block three;
    private final Block out;
    private final Block between;
    private final Block wide;
    private final Block narrow;
    private final Dropout drop;

    @SuppressWarnings("this-escape")
    Layer(int width, int heads, double dropout) {
      this.width = width;
      this.heads = heads;
      before = addChildBlock("norm-attention", Layers.norm());
      three = addChildBlock("query-key-value", Linear.builder().setUnits(3L * width).build());
      out = addChildBlock("attention", Linear.builder().setUnits(width).build());
      between = addChildBlock("norm-feed", Layers.norm());
      wide = addChildBlock("feed-wide", Linear.builder().setUnits(4L * width).build());
      narrow = addChildBlock("feed-narrow", Linear.builder().setUnits(width).build());
      drop = addChildBlock("dropout", Layers.drop(dropout));
    }

    @Override
    public void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
      var rows = inputs[0];
      for (var each : List.of(before, three, out, between, wide)) {
        each.initialize(manager, type, rows);
      }
      narrow.initialize(manager, type, new Shape(rows.get(0), rows.get(1), 4L * width));
      drop.initialize(manager, type, rows);
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
      var rows = inputs.get(0);
      long batch = rows.getShape().get(0);
      long length = rows.getShape().get(1);
      long each = width / heads;
      var parts = one(three, store, one(before, store, rows, training), training).split(3, 2);
      var query = Torch.times(heads(parts.get(0), batch, length, each), 1 / Math.sqrt(each));
      var key = heads(parts.get(1), batch, length, each);
      var value = heads(parts.get(2), batch, length, each);
      var scores = query.matMul(key.transpose(0, 1, 3, 2)).addi(inputs.get(1)).softmax(3);
      var mixed =
          one(drop, store, scores, training)
              .matMul(value)
              .transpose(0, 2, 1, 3)
              .reshape(batch, length, width);
      rows = one(drop, store, one(out, store, mixed, training), training).addi(rows);
      var thought =
          Activation.gelu(one(wide, store, one(between, store, rows, training), training));
      thought = one(narrow, store, thought, training);
      return new NDList(one(drop, store, thought, training).addi(rows));
    }

    private NDArray heads(NDArray rows, long batch, long length, long each) {
      return rows.reshape(batch, length, heads, each).transpose(0, 2, 1, 3);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
      return new Shape[] {inputs[0]};
    }
  }

  /// Tokens and their places, and layers over them. A tower that looks back only gives a row for
  /// each token; one that looks both ways, the mean over the tokens that are not padding (0).
  static final class Tower extends AbstractBlock {
    private final int width;
    private final boolean back;
    private final Parameter tokens;
    private final Parameter places;
    private final List<Layer> layers = new ArrayList<>();
    private final Block last;
    private final Dropout drop;

    @SuppressWarnings("this-escape")
    Tower(
        int vocabulary,
        int length,
        int width,
        int heads,
        int layers,
        double dropout,
        boolean back) {
      if (width % heads != 0) {
        throw new IllegalArgumentException("the width is not a multiple of the heads");
      }
      this.width = width;
      this.back = back;
      tokens = addParameter(table("tokens", vocabulary));
      places = addParameter(table("places", length));
      for (int i = 0; i < layers; i++) {
        this.layers.add(addChildBlock("layer-" + i, new Layer(width, heads, dropout)));
      }
      last = addChildBlock("norm", Layers.norm());
      drop = addChildBlock("dropout", Layers.drop(dropout));
      setInitializer(new NormalInitializer(SPREAD), Parameter.Type.WEIGHT);
    }

    private Parameter table(String name, int rows) {
      return Parameter.builder()
          .setName(name)
          .setType(Parameter.Type.WEIGHT)
          .optShape(new Shape(rows, width))
          .build();
    }

    @Override
    public void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
      var rows = inputs[0].add(width);
      layers.forEach(layer -> layer.initialize(manager, type, rows));
      last.initialize(manager, type, rows);
      drop.initialize(manager, type, rows);
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
      var ids = inputs.head();
      var manager = ids.getManager();
      var device = ids.getDevice();
      int length = (int) ids.getShape().get(1);
      var at = manager.arange(0, length, 1, DataType.INT64);
      var rows =
          Embedding.rows(ids, store.getValue(tokens, device, training))
              .add(Embedding.rows(at, store.getValue(places, device, training)));
      rows = one(drop, store, rows, training);
      var type = rows.getDataType();
      var padding = ids.eq(0).toType(type, false);
      var mask =
          back
              ? at.expandDims(0).gt(at.expandDims(1)).toType(type, false).mul(NEVER)
              : padding.mul(NEVER).expandDims(1).expandDims(1);
      for (var layer : layers) {
        rows = layer.forward(store, new NDList(rows, mask), training).singletonOrThrow();
      }
      rows = one(last, store, rows, training);
      if (back) {
        return new NDList(rows);
      }
      var present = padding.neg().add(1).expandDims(2);
      return new NDList(
          rows.mul(present).sum(new int[] {1}).div(present.sum(new int[] {1}).maximum(1)));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
      return new Shape[] {back ? inputs[0].add(width) : new Shape(inputs[0].get(0), width)};
    }
  }

  private static NDArray one(Block block, ParameterStore store, NDArray array, boolean training) {
    return block.forward(store, new NDList(array), training).singletonOrThrow();
  }
}

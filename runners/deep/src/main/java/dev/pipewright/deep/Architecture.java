package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Locale;

/// A block described in a few numbers, so that a saved model can be built again. The last layer of
/// each that has `outputs` is its head.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Architecture.Mlp.class, name = "mlp"),
  @JsonSubTypes.Type(value = Architecture.Cnn.class, name = "cnn"),
  @JsonSubTypes.Type(value = Architecture.Recurrent.class, name = "recurrent"),
  @JsonSubTypes.Type(value = Architecture.Transformer.class, name = "transformer"),
  @JsonSubTypes.Type(value = Architecture.Gpt.class, name = "gpt"),
  @JsonSubTypes.Type(value = Architecture.Factors.class, name = "factors")
})
public sealed interface Architecture {
  Block block();

  /// The shapes of what the block is given, for one row.
  Shape[] inputs();

  /// The type of what it is given.
  default DataType inputType() {
    return DataType.FLOAT32;
  }

  /// The same with another number of outputs.
  Architecture withOutputs(int outputs);

  /// How the names of the head's parameters begin.
  default String head() {
    return String.format(Locale.ROOT, "%02d", block().getChildren().size());
  }

  /// Layers of neurons on rows of numbers.
  record Mlp(int features, List<Integer> hidden, int outputs, double dropout)
      implements Architecture {
    @Override
    public Block block() {
      var block = new SequentialBlock();
      for (int units : hidden) {
        block.add(Linear.builder().setUnits(units).build());
        block.add(BatchNorm.builder().build());
        block.add(Activation::relu);
        Layers.addDropout(block, dropout);
      }
      return block.add(Linear.builder().setUnits(outputs).build());
    }

    @Override
    public Shape[] inputs() {
      return new Shape[] {new Shape(1, features)};
    }

    @Override
    public Architecture withOutputs(int outputs) {
      return new Mlp(features, hidden, outputs, dropout);
    }
  }

  /// Convolutions of 3 by 3 on images, each followed by halving the sides while they are larger
  /// than three.
  record Cnn(
      int channels,
      int height,
      int width,
      List<Integer> filters,
      int hidden,
      int outputs,
      double dropout)
      implements Architecture {
    @Override
    public Block block() {
      var block = new SequentialBlock();
      int side = Math.min(height, width);
      for (int each : filters) {
        block.add(
            Conv2d.builder()
                .setKernelShape(new Shape(3, 3))
                .optPadding(new Shape(1, 1))
                .setFilters(each)
                .build());
        block.add(BatchNorm.builder().build());
        block.add(Activation::relu);
        if (side > 3) {
          block.add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)));
          side /= 2;
        }
      }
      block.add(Blocks.batchFlattenBlock());
      block.add(Linear.builder().setUnits(hidden).build());
      block.add(Activation::relu);
      Layers.addDropout(block, dropout);
      return block.add(Linear.builder().setUnits(outputs).build());
    }

    @Override
    public Shape[] inputs() {
      return new Shape[] {new Shape(1, channels, height, width)};
    }

    @Override
    public Architecture withOutputs(int outputs) {
      return new Cnn(channels, height, width, filters, hidden, outputs, dropout);
    }
  }

  /// An LSTM or GRU on sequences of rows, or of tokens where there is a vocabulary; what it holds
  /// after the last step is what the head sees.
  ///
  /// @param cell `lstm` or `gru`
  /// @param vocabulary 0 for rows of numbers
  /// @param features of a row; 1 for tokens
  record Recurrent(
      String cell,
      int vocabulary,
      int features,
      int length,
      int width,
      int layers,
      int outputs,
      double dropout)
      implements Architecture {
    @Override
    public Block block() {
      var block = new SequentialBlock();
      if (vocabulary > 0) {
        block.add(new Embedding(vocabulary, width));
      }
      block.add(Layers.recurrent(cell, width, layers, dropout));
      block.add(list -> new NDList(Layers.lastStep(list.head())));
      Layers.addDropout(block, dropout);
      return block.add(Linear.builder().setUnits(outputs).build());
    }

    @Override
    public Shape[] inputs() {
      return new Shape[] {vocabulary > 0 ? new Shape(1, length) : new Shape(1, length, features)};
    }

    @Override
    public DataType inputType() {
      return vocabulary > 0 ? DataType.INT64 : DataType.FLOAT32;
    }

    @Override
    public Architecture withOutputs(int outputs) {
      return new Recurrent(cell, vocabulary, features, length, width, layers, outputs, dropout);
    }
  }

  /// Reads a whole text at once; its head sees the mean over the tokens.
  record Transformer(
      int vocabulary, int length, int width, int heads, int layers, int outputs, double dropout)
      implements Architecture {
    @Override
    public Block block() {
      return new SequentialBlock()
          .add(new Attention.Tower(vocabulary, length, width, heads, layers, dropout, false))
          .add(Linear.builder().setUnits(outputs).build());
    }

    @Override
    public Shape[] inputs() {
      return new Shape[] {new Shape(1, length)};
    }

    @Override
    public DataType inputType() {
      return DataType.INT64;
    }

    @Override
    public Architecture withOutputs(int outputs) {
      return new Transformer(vocabulary, length, width, heads, layers, outputs, dropout);
    }
  }

  /// Writes a text on, token by token.
  record Gpt(int vocabulary, int context, int width, int heads, int layers, double dropout)
      implements Architecture {
    @Override
    public Block block() {
      return new SequentialBlock()
          .add(new Attention.Tower(vocabulary, context, width, heads, layers, dropout, true))
          .add(Linear.builder().setUnits(vocabulary).optBias(false).build());
    }

    @Override
    public Shape[] inputs() {
      return new Shape[] {new Shape(1, context)};
    }

    @Override
    public DataType inputType() {
      return DataType.INT64;
    }

    @Override
    public Architecture withOutputs(int outputs) {
      return this;
    }
  }

  /// What users and items have in common, as the product of two tables.
  record Factors(int users, int items, int width, double dropout) implements Architecture {
    @Override
    public Block block() {
      var block = new SequentialBlock().add(new Embedding(users, width));
      Layers.addDropout(block, dropout);
      return block.add(Linear.builder().setUnits(items).build());
    }

    @Override
    public Shape[] inputs() {
      return new Shape[] {new Shape(1)};
    }

    @Override
    public DataType inputType() {
      return DataType.INT64;
    }

    @Override
    public Architecture withOutputs(int outputs) {
      return this;
    }
  }
}

package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import java.util.function.DoubleUnaryOperator;

/// A figure of how well a block does on examples that it was not given to learn from.
public interface Measure {
  String name();

  boolean higherIsBetter();

  Running begin();

  /// A measure under way.
  interface Running {
    /// @param loss the objective's value on this batch
    void add(NDList outputs, NDList labels, double loss);

    double value();
  }

  /// The share of rows whose highest logit is the class's.
  static Measure accuracy() {
    return mean(
        "accuracy",
        true,
        (outputs, labels, _) -> {
          var logits = outputs.head();
          var found = logits.argMax(logits.getShape().dimension() - 1).reshape(-1);
          var right = found.eq(labels.head().reshape(-1).toType(DataType.INT64, false));
          return new Sum(right.toType(DataType.INT64, false).sum().getLong(), found.size());
        },
        value -> value);
  }

  /// The root of the mean of the squared differences, in the target's own unit.
  ///
  /// @param unit what a difference of one stands for
  static Measure rmse(double unit) {
    return mean(
        "rmse",
        false,
        (outputs, labels, _) -> {
          var off = outputs.head().reshape(-1).sub(labels.head().reshape(-1));
          return new Sum(off.square().sum().getFloat(), off.size());
        },
        value -> unit * Math.sqrt(value));
  }

  /// How many words a language model hesitates between: e to the mean loss of a token.
  static Measure perplexity() {
    return mean(
        "perplexity",
        false,
        (_, labels, loss) -> new Sum(loss * labels.head().size(), labels.head().size()),
        Math::exp);
  }

  /// A part of a mean.
  record Sum(double sum, double count) {}

  /// What a batch adds to a mean.
  @FunctionalInterface
  interface Part {
    Sum of(NDList outputs, NDList labels, double loss);
  }

  /// A measure that is a mean over all rows.
  static Measure mean(String name, boolean higherIsBetter, Part part, DoubleUnaryOperator then) {
    return new Measure() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public boolean higherIsBetter() {
        return higherIsBetter;
      }

      @Override
      public Running begin() {
        return new Running() {
          private double sum;
          private double count;

          @Override
          public void add(NDList outputs, NDList labels, double loss) {
            var added = part.of(outputs, labels, loss);
            sum += added.sum();
            count += added.count();
          }

          @Override
          public double value() {
            return then.applyAsDouble(sum / count);
          }
        };
      }
    };
  }

  /// The loss itself, which every training measures.
  static Measure loss() {
    return mean(
        "loss",
        false,
        (_, labels, loss) -> {
          long rows = labels.head().getShape().get(0);
          return new Sum(loss * rows, rows);
        },
        value -> value);
  }
}

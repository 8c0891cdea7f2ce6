package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/// How weights follow their gradients. Its memory is as long as the weights, one array or two, so
/// that a checkpoint can keep it.
public enum Optimizer {
  /// Adam, with the weights' decay added to the gradients.
  ADAM(2),
  /// Adam, with the weights' decay beside it.
  ADAMW(2),
  /// Stochastic gradient descent with a momentum of 0.9.
  SGD(1);

  static final double BETA1 = 0.9;
  static final double BETA2 = 0.999;
  static final double EPSILON = 1e-8;
  static final double MOMENTUM = 0.9;

  private final int moments;

  Optimizer(int moments) {
    this.moments = moments;
  }

  /// @param rate how far
  /// @param correction of Adam's rate, for its moments begin at 0
  /// @param decay how much of each weight is taken off
  /// @param decoupled whether the decay is beside the gradient
  record Step(double rate, double correction, double decay, boolean decoupled) {}

  List<NDArray> moments(NDManager manager, long size) {
    var made = new ArrayList<NDArray>();
    for (int i = 0; i < moments; i++) {
      made.add(manager.zeros(new Shape(size), DataType.FLOAT32));
    }
    return made;
  }

  /// @param scale what the gradient is multiplied with first
  /// @param count which step this is for these weights, from 1
  void update(
      NDArray weights,
      NDArray gradient,
      List<NDArray> moments,
      double rate,
      double decay,
      double scale,
      long count) {
    switch (this) {
      case ADAM, ADAMW -> {
        double correction =
            StrictMath.sqrt(1 - StrictMath.pow(BETA2, count)) / (1 - StrictMath.pow(BETA1, count));
        Torch.adam(
            weights,
            gradient,
            moments.get(0),
            moments.get(1),
            new Step(rate, correction, decay, this == ADAMW),
            scale);
      }
      case SGD ->
          Torch.sgd(weights, gradient, moments.get(0), new Step(rate, 1, decay, false), scale);
    }
  }
}

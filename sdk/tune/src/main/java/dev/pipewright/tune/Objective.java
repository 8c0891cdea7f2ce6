package dev.pipewright.tune;

import com.fasterxml.jackson.annotation.JsonProperty;

/// A figure that trials reach, and where it should go.
public record Objective(String name, Direction direction) {
  public enum Direction {
    @JsonProperty("minimize")
    MINIMIZE,
    @JsonProperty("maximize")
    MAXIMIZE
  }

  public Objective {
    direction = direction == null ? Direction.MINIMIZE : direction;
  }

  public static Objective minimize(String name) {
    return new Objective(name, Direction.MINIMIZE);
  }

  public static Objective maximize(String name) {
    return new Objective(name, Direction.MAXIMIZE);
  }

  /// The figure as something to make small.
  double loss(double value) {
    return direction == Direction.MINIMIZE ? value : -value;
  }

  /// The figure that has this loss.
  double value(double loss) {
    return loss(loss);
  }
}

package dev.pipewright.deep;

import dev.pipewright.tabular.ModelFolder.Example;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// All that a training needs, out of the inputs and the data.
///
/// @param validation null for none
/// @param objective what is made small
/// @param measures the first chooses the best epoch
/// @param example what the model can be given
/// @param held what people call an example of the validation, by its position
record Plan(
    Architecture architecture,
    Preparation preparation,
    @Nullable Goal goal,
    Examples train,
    @Nullable Examples validation,
    Objective objective,
    List<Measure> measures,
    Example example,
    IntFunction<String> held) {
  /// With a target.
  static Plan of(
      Architecture architecture,
      Preparation preparation,
      Goal goal,
      Examples train,
      @Nullable Examples validation,
      Example example,
      IntFunction<String> held) {
    return new Plan(
        architecture,
        preparation,
        goal,
        train,
        validation,
        goal.regression() ? Objective.squaredError() : Objective.crossEntropy(),
        goal.regression() ? List.of(Measure.rmse(goal.spread())) : List.of(Measure.accuracy()),
        example,
        held);
  }
}

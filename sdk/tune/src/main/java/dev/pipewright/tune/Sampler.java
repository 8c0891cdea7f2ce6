package dev.pipewright.tune;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.pipewright.contract.Problem;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Chooses the params of new trials. What it chooses follows from the history, the trial's number
/// and the study's seed alone, so that a restored study goes on as the lost one would have.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = RandomSearch.class, name = "random"),
  @JsonSubTypes.Type(value = Grid.class, name = "grid"),
  @JsonSubTypes.Type(value = Tpe.class, name = "tpe"),
  @JsonSubTypes.Type(value = CmaEs.class, name = "cmaes"),
  @JsonSubTypes.Type(value = Nsga2.class, name = "nsga2"),
})
public sealed interface Sampler permits RandomSearch, Grid, Tpe, CmaEs, Nsga2 {
  /// A point of the space; null where there is none left.
  double @Nullable [] suggest(History history, SplittableRandom random);

  /// What keeps it from working on a study.
  default List<Problem.Violation> check(SearchSpace space, List<Objective> objectives) {
    return List.of();
  }
}

package dev.pipewright.tune;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.pipewright.contract.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Decides from its reports whether a trial is worth going on with. Nothing is kept but what the
/// trials' records have.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = NoPruner.class, name = "none"),
  @JsonSubTypes.Type(value = Percentile.class, name = "percentile"),
  @JsonSubTypes.Type(value = Median.class, name = "median"),
  @JsonSubTypes.Type(value = Patience.class, name = "patience"),
  @JsonSubTypes.Type(value = Halving.class, name = "halving"),
  @JsonSubTypes.Type(value = Asha.class, name = "asha"),
  @JsonSubTypes.Type(value = Hyperband.class, name = "hyperband"),
})
public sealed interface Pruner
    permits NoPruner, Percentile, Median, Patience, Halving, Asha, Hyperband {
  /// About a trial that has just reported this step. May let it past rungs.
  Verdict judge(History history, History.Entry entry, long step);

  /// A paused trial that is to go on now, let past its rung; null where there is none.
  default History.@Nullable Entry resume(History history) {
    return null;
  }

  /// The bracket of a new trial.
  default int bracket(History history) {
    return 0;
  }

  /// The step up to which a trial is to go now; empty where it is its own affair.
  default @Nullable Long budget(History.Entry entry) {
    return null;
  }

  /// What is wrong with its settings.
  default List<Problem.Violation> check() {
    return List.of();
  }
}

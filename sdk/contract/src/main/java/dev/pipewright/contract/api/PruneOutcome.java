package dev.pipewright.contract.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Runs that were deleted because nothing keeps them, or would be.
///
/// @param pipelines those that any go of
/// @param more whether there are more; ask again
public record PruneOutcome(boolean dryRun, List<Entry> pipelines, boolean more) {

  /// What goes of one pipeline.
  ///
  /// @param rule what is kept, in words
  /// @param first the number of the oldest run that goes
  /// @param last the number of the newest
  public record Entry(
      String pipeline, String rule, long runs, @Nullable Long first, @Nullable Long last) {}
}

package dev.pipewright.language;

/// Runs a task again and again, one iteration after the other.
///
/// @param until evaluated after each iteration, with the iteration's outputs as `loop.outputs`
/// @param limit how many iterations there may be
/// @param succeedAtLimit whether the limit is a good end too; otherwise the task fails there
public record TaskLoop(Expression until, int limit, boolean succeedAtLimit) {
  /// Where a pipeline does not say.
  public static final int LIMIT = 10;
}

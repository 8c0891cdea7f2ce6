package dev.pipewright.client.pipeline;

/// An expression in [CEL](https://cel.dev), which is evaluated in each run.
public final class Expr {
  private final String source;

  private Expr(String source) {
    this.source = source;
  }

  /// Any expression, without `${{ }}` around it: `tasks.train.outputs.auc >= params.least`.
  ///
  /// @throws IllegalArgumentException when it is blank, or has `${{` in it already
  public static Expr expr(String source) {
    if (source.isBlank() || source.contains("${{")) {
      throw new IllegalArgumentException(
          "'%s' is not the inside of an expression: write it without ${{ }}".formatted(source));
    }
    return new Expr(source.strip());
  }

  /// The value of a param; of the type it is declared with.
  public static Expr param(String name) {
    return expr("params." + name);
  }

  /// An output of a task, of its declared type; a list where the task has a matrix. The task that
  /// uses it waits for that one.
  public static Expr output(String task, String output) {
    return expr("tasks." + task + ".outputs." + output);
  }

  /// The value of an axis in this combination; `index` counts the combinations from 0.
  public static Expr matrix(String axis) {
    return expr("matrix." + axis);
  }

  /// A field of the run: `id`, `number`, `name`, `scheduledAt`; in a finally task also `status` and
  /// `failed`.
  public static Expr run(String field) {
    return expr("run." + field);
  }

  /// An output of the iteration that has just ended. In the inputs of the next one it is to be
  /// guarded: `has(loop.outputs.x) ? loop.outputs.x : 0`.
  public static Expr loopOutput(String output) {
    return expr("loop.outputs." + output);
  }

  /// As it stands in a document, to be put into a text.
  @Override
  public String toString() {
    return "${{ " + source + " }}";
  }
}

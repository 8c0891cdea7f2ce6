package dev.pipewright.tracker.search;

/// A filter, an order or a page token that cannot be used. The message is for the one who wrote it:
/// it begins with MLflow's words, on which its clients match, and ends with the place and the
/// remedy.
public final class InvalidFilter extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int position;

  /// @param position the index of the first character that is wrong
  public InvalidFilter(String message, int position) {
    super(message);
    this.position = position;
  }

  public int position() {
    return position;
  }
}

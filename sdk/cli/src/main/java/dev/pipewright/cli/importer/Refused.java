package dev.pipewright.cli.importer;

/// One thing that cannot be imported, and why. The import goes on with the next.
final class Refused extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  Refused(int status, String message) {
    super(message);
    this.status = status;
  }

  /// The HTTP status, or 0 when it was not a server that refused.
  int status() {
    return status;
  }
}

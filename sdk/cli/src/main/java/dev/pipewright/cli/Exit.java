package dev.pipewright.cli;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.api.PipelineRun;

/// Exit codes, for scripts.
final class Exit {
  static final int OK = 0;

  /// The run failed or was cancelled; for `status`: no server runs.
  static final int FAILED = 1;

  /// Something about what was asked for is wrong: an option, a file, the pipeline.
  static final int USAGE = 2;

  /// The server did not start, stop or answer as it should.
  static final int SERVER = 3;

  private Exit() {}

  static int of(Problem problem) {
    return problem.status() >= 500 ? SERVER : USAGE;
  }

  static int of(PipelineRun run) {
    return switch (run.state()) {
      case SUCCEEDED -> OK;
      case QUEUED, RUNNING, FAILED, CANCELLED -> FAILED;
    };
  }
}

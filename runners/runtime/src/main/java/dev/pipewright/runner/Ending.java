package dev.pipewright.runner;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.tasks.v1.Outcome;
import java.time.Duration;
import java.util.Set;

/// How an attempt's work can end, whose fault each way is, and what it is called: all of it is
/// here.
///
/// @param code a problem code; empty where there is none
record Ending(Outcome outcome, int exitCode, String code, String message) {
  static final Ending SUCCEEDED = new Ending(Outcome.OUTCOME_SUCCEEDED, 0, "", "");

  static final Ending STOPPED = new Ending(Outcome.OUTCOME_CANCELLED, 1, "", "stopped on request");

  static final Ending NEVER_BEGUN =
      new Ending(Outcome.OUTCOME_CANCELLED, 0, "", "stopped before it started");

  /// What a killed process left unsaid.
  static final Ending LOST =
      system(137, ProblemCode.TASK_LOST, "the task's process was killed or crashed");

  private static final String NO_SPACE = "No space left on device";

  /// As a shell says of a file that cannot be executed, and of one that is not there.
  private static final Set<Integer> NOT_FOUND = Set.of(126, 127);

  private static final int SIGNALLED = 128;
  private static final int LAST_SIGNAL = 64;

  /// Signals that a program brings on itself: a crash, an assertion, a limit of its own.
  private static final Set<Integer> OWN_SIGNALS = Set.of(4, 5, 6, 7, 8, 11, 13, 24, 25, 31);

  /// What is known beside the exit code.
  ///
  /// @param killedForMemory whether the kernel killed for want of memory meanwhile
  /// @param diskFull whether no room is left where it works
  record Evidence(boolean killedForMemory, boolean diskFull) {
    static final Evidence NONE = new Evidence(false, false);
  }

  /// A command that ended with an exit code other than 0.
  static Ending exit(int exitCode, Evidence evidence) {
    int signal = exitCode - SIGNALLED;
    boolean signalled = signal > 0 && signal <= LAST_SIGNAL;
    if (signal == Signals.KILL && evidence.killedForMemory) {
      return user(
          exitCode,
          ProblemCode.OUT_OF_MEMORY,
          "the command was killed because it used more memory than there is for it");
    }
    if (evidence.diskFull) {
      return system(
          exitCode,
          ProblemCode.DISK_FULL,
          "the command ended with exit code " + exitCode + ", and its disk is full");
    }
    if (signalled && OWN_SIGNALS.contains(signal)) {
      return user(
          exitCode,
          ProblemCode.COMMAND_FAILED,
          "the command crashed (" + Signals.name(signal) + ")");
    }
    if (signalled) {
      return system(
          exitCode,
          ProblemCode.TASK_KILLED,
          "the command was killed from outside (" + Signals.name(signal) + ")");
    }
    if (NOT_FOUND.contains(exitCode)) {
      return user(
          exitCode,
          ProblemCode.COMMAND_NOT_FOUND,
          "the command, or one that it runs, is not there or cannot be executed (exit code "
              + exitCode
              + ")");
    }
    return user(
        exitCode, ProblemCode.COMMAND_FAILED, "the command ended with exit code " + exitCode);
  }

  /// What a task, or what surrounds it, refuses to go on with.
  static Ending problem(Problem problem) {
    return new Ending(
        problem.status() >= 500 ? Outcome.OUTCOME_SYSTEM_FAILURE : Outcome.OUTCOME_USER_FAILURE,
        1,
        problem.code(),
        problem.detail());
  }

  /// What a built-in task threw.
  static Ending crash(Throwable failure) {
    if (failure instanceof OutOfMemoryError) {
      return user(
          1, ProblemCode.OUT_OF_MEMORY, "the task ran out of memory: " + failure.getMessage());
    }
    if (noSpace(failure)) {
      return diskFull(failure);
    }
    return user(1, ProblemCode.TASK_CRASHED, failure.toString());
  }

  /// What kept an attempt from being run or written down at all.
  static Ending unwritable(Throwable failure) {
    return noSpace(failure)
        ? diskFull(failure)
        : system(1, ProblemCode.TASK_LOST, "it could not be run: " + failure);
  }

  static Ending timeout(Duration limit) {
    return user(
        1,
        ProblemCode.TASK_TIMEOUT,
        "it took longer than its timeout of "
            + (limit.toMillis() % 1_000 == 0
                ? limit.toSeconds() + " s"
                : limit.toMillis() + " ms"));
  }

  /// The same with another exit code.
  Ending withExitCode(int other) {
    return new Ending(outcome, other, code, message);
  }

  private static Ending diskFull(Throwable failure) {
    var said = String.valueOf(failure.getMessage());
    return system(
        1, ProblemCode.DISK_FULL, said.contains(NO_SPACE) ? said : said + ": " + NO_SPACE);
  }

  private static boolean noSpace(Throwable failure) {
    for (var cause = failure; cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null && cause.getMessage().contains(NO_SPACE)) {
        return true;
      }
    }
    return false;
  }

  private static Ending user(int exitCode, ProblemCode code, String message) {
    return new Ending(Outcome.OUTCOME_USER_FAILURE, exitCode, code.name(), message);
  }

  private static Ending system(int exitCode, ProblemCode code, String message) {
    return new Ending(Outcome.OUTCOME_SYSTEM_FAILURE, exitCode, code.name(), message);
  }
}

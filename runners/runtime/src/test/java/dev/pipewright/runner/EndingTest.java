package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.tasks.v1.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class EndingTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // exit code | killed for memory | disk full | outcome | code | in the message
        "1   | false | false | USER_FAILURE   | COMMAND_FAILED    | exit code 1",
        "75  | false | false | USER_FAILURE   | COMMAND_FAILED    | exit code 75",
        "75  | true  | false | USER_FAILURE   | COMMAND_FAILED    | exit code 75",
        "255 | false | false | USER_FAILURE   | COMMAND_FAILED    | exit code 255",
        "126 | false | false | USER_FAILURE   | COMMAND_NOT_FOUND | cannot be executed",
        "127 | false | false | USER_FAILURE   | COMMAND_NOT_FOUND | not there",
        "137 | false | false | SYSTEM_FAILURE | TASK_KILLED       | SIGKILL",
        "137 | true  | false | USER_FAILURE   | OUT_OF_MEMORY     | memory",
        "137 | true  | true  | USER_FAILURE   | OUT_OF_MEMORY     | memory",
        "143 | false | false | SYSTEM_FAILURE | TASK_KILLED       | SIGTERM",
        "143 | true  | false | SYSTEM_FAILURE | TASK_KILLED       | SIGTERM",
        "129 | false | false | SYSTEM_FAILURE | TASK_KILLED       | SIGHUP",
        "139 | false | false | USER_FAILURE   | COMMAND_FAILED    | SIGSEGV",
        "134 | false | false | USER_FAILURE   | COMMAND_FAILED    | SIGABRT",
        "1   | false | true  | SYSTEM_FAILURE | DISK_FULL         | disk is full",
      })
  void aCommandsExitCode(
      int exitCode,
      boolean killedForMemory,
      boolean diskFull,
      String outcome,
      String code,
      String message) {
    var ending = Ending.exit(exitCode, new Ending.Evidence(killedForMemory, diskFull));
    assertThat(ending.outcome()).isEqualTo(Outcome.valueOf("OUTCOME_" + outcome));
    assertThat(ending.code()).isEqualTo(code);
    assertThat(ending.exitCode()).isEqualTo(exitCode);
    assertThat(ending.message()).contains(message);
  }

  static Stream<Arguments> others() {
    var full = new IOException("No space left on device");
    return Stream.of(
        Arguments.of(
            Ending.crash(new OutOfMemoryError("Java heap space")),
            Outcome.OUTCOME_USER_FAILURE,
            "OUT_OF_MEMORY"),
        Arguments.of(
            Ending.crash(new UncheckedIOException("cannot be written", full)),
            Outcome.OUTCOME_SYSTEM_FAILURE,
            "DISK_FULL"),
        Arguments.of(
            Ending.crash(new IllegalStateException("a bug")),
            Outcome.OUTCOME_USER_FAILURE,
            "TASK_CRASHED"),
        Arguments.of(
            Ending.problem(Problem.of(ProblemCode.OUTPUT_MISSING, "no output 'x'")),
            Outcome.OUTCOME_USER_FAILURE,
            "OUTPUT_MISSING"),
        Arguments.of(
            Ending.problem(Problem.of(ProblemCode.SECRET_NOT_FOUND, "no secret X")),
            Outcome.OUTCOME_USER_FAILURE,
            "SECRET_NOT_FOUND"),
        Arguments.of(
            Ending.timeout(Duration.ofMinutes(2)), Outcome.OUTCOME_USER_FAILURE, "TASK_TIMEOUT"),
        Arguments.of(Ending.unwritable(full), Outcome.OUTCOME_SYSTEM_FAILURE, "DISK_FULL"),
        Arguments.of(
            Ending.unwritable(new IOException("no such device")),
            Outcome.OUTCOME_SYSTEM_FAILURE,
            "TASK_LOST"),
        Arguments.of(Ending.LOST, Outcome.OUTCOME_SYSTEM_FAILURE, "TASK_LOST"),
        Arguments.of(Ending.STOPPED, Outcome.OUTCOME_CANCELLED, ""),
        Arguments.of(Ending.NEVER_BEGUN, Outcome.OUTCOME_CANCELLED, ""),
        Arguments.of(Ending.SUCCEEDED, Outcome.OUTCOME_SUCCEEDED, ""));
  }

  @Test
  void aFullDiskIsCalledThat() {
    var full = new IOException("No space left on device");
    assertThat(Ending.unwritable(new UncheckedIOException("the spool cannot be written", full)))
        .extracting(Ending::message)
        .isEqualTo("the spool cannot be written: No space left on device");
  }

  @ParameterizedTest
  @MethodSource("others")
  void everythingElse(Ending ending, Outcome outcome, String code) {
    assertThat(ending.outcome()).isEqualTo(outcome);
    assertThat(ending.code()).isEqualTo(code);
  }
}

package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.api.AttemptState;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TransitionsTest {
  /// Set `-Dpipewright.update` to write the file anew after a change of the table.
  @Test
  void theDiagramInTheDocsIsThisTable() throws IOException {
    var page =
        """
        # States

        Written by `TransitionsTest` from the table that the engine itself checks every change against.

        ## Pipeline run

        %s
        ## Task

        %s
        ## Attempt

        %s\
        """
            .formatted(
                diagram(RunState.values(), Transitions::after, RunState::isTerminal),
                diagram(TaskState.values(), Transitions::after, TaskState::isTerminal),
                diagram(AttemptState.values(), Transitions::after, AttemptState::isTerminal));
    var file = Path.of(System.getProperty("pipewright.root"), "docs", "reference", "states.md");
    if (Boolean.getBoolean("pipewright.update")) {
      Files.writeString(file, page);
    }
    assertThat(Files.readString(file)).isEqualTo(page);
  }

  @Test
  void aTerminalStateIsLeftByARetryOnly() {
    assertThat(Transitions.after(RunState.SUCCEEDED)).isEmpty();
    for (var state : RunState.values()) {
      assertThat(
              !state.isTerminal() || Set.of(RunState.RUNNING).containsAll(Transitions.after(state)))
          .isTrue();
    }
    assertThat(Arrays.stream(TaskState.values()).filter(TaskState::isTerminal))
        .allMatch(state -> Transitions.after(state).equals(Set.of(TaskState.PENDING)));
    assertThat(Arrays.stream(AttemptState.values()).filter(AttemptState::isTerminal))
        .allMatch(state -> Transitions.after(state).isEmpty());
  }

  @Test
  void aForbiddenChangeIsRefused() {
    assertThatThrownBy(() -> Transitions.check(TaskState.SUCCEEDED, TaskState.RUNNING))
        .hasMessage("a task cannot go from SUCCEEDED to RUNNING");
  }

  private static <S extends Enum<S>> String diagram(
      S[] states, Function<S, Set<S>> after, Predicate<S> terminal) {
    var lines =
        Arrays.stream(states)
            .flatMap(
                from -> after.apply(from).stream().sorted().map(to -> "  " + from + " --> " + to))
            .collect(Collectors.joining("\n"));
    var ends =
        Arrays.stream(states)
            .filter(terminal)
            .map(state -> "  " + state + " --> [*]")
            .collect(Collectors.joining("\n"));
    return "```mermaid\nstateDiagram-v2\n  [*] --> "
        + states[0]
        + "\n"
        + lines
        + "\n"
        + ends
        + "\n```\n";
  }
}

package dev.pipewright.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private Terminal terminal(boolean live) {
    return new Terminal(
        new PrintStream(printed, true, StandardCharsets.UTF_8), live, live, true, 10);
  }

  @Test
  void redrawsInPlace() {
    var terminal = terminal(true);
    terminal.draw(List.of("a", "b"));
    terminal.draw(List.of("c"));
    terminal.line("d");
    assertThat(text()).isEqualTo("a\nb\n\u001b[2A\r\u001b[Jc\n\u001b[1A\r\u001b[Jd\n");
  }

  @Test
  void drawsNothingWhereLinesCannotBeRedrawn() {
    var terminal = terminal(false);
    terminal.draw(List.of("a"));
    terminal.line(terminal.red("b"));
    assertThat(text()).isEqualTo("b\n");
  }

  @Test
  void cutsLinesThatWouldWrapAndCountsNoColours() {
    var terminal = terminal(true);
    terminal.draw(List.of(terminal.green("123456789"), terminal.green("1234567890")));
    assertThat(text()).isEqualTo("\u001b[32m123456789\u001b[0m\n\u001b[32m123456789\u001b[0m\n");
  }

  @Test
  void staysStillOnceItIsFrozen() {
    var terminal = terminal(true);
    terminal.draw(List.of("a"));
    terminal.freeze();
    terminal.draw(List.of("b"));
    terminal.line("c");
    assertThat(text()).isEqualTo("a\nc\n");
  }

  private String text() {
    return printed.toString(StandardCharsets.UTF_8);
  }
}

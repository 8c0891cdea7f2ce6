package dev.pipewright.cli;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;

/// A server that lives as long as this program does.
final class Foreground {
  private Foreground() {}

  /// Makes the end of this program, by Ctrl-C for one, the end of the server.
  static void stopWithUs(LocalServer local, LocalServer.Started started, Terminal terminal) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (started.process().isAlive()) {
                    terminal.keep();
                    terminal.line("");
                    terminal.line("Stopping Pipewright");
                    terminal.line(
                        local.stop(started.process().toHandle())
                            ? "Stopped. The data stays in " + local.home().root() + "."
                            : "The server did not end in time; ./pipewright status shows it.");
                  }
                },
                "stop-server"));
  }

  /// Waits until somebody stops the server.
  ///
  /// @throws ProblemException SERVER_FAILED when it ended by itself
  static int serve(LocalServer local, LocalServer.Started started) {
    int code = started.process().onExit().join().exitValue();
    // 128 + 15: it was told to end, by us or by `pipewright down`.
    if (code == 0 || code == 143) {
      return Exit.OK;
    }
    throw new ProblemException(
        ProblemCode.SERVER_FAILED,
        "The server ended with exit code " + code + ".",
        "Read " + local.home().serverLog() + ", then start it again: nothing is lost.");
  }
}

package dev.pipewright.cli;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "down",
    description = "Stops the server, its database and its broker.",
    mixinStandardHelpOptions = true)
final class DownCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    var terminal = Terminal.standard(System.getenv());
    var local = LocalServer.ofEnvironment(terminal);
    var begin = Instant.now();
    if (local.inUse()) {
      var server =
          HomeProcesses.server(local.home())
              .orElseThrow(() ->
                  new ProblemException(
                      ProblemCode.SERVER_FAILED,
                      local.home().lock() + " is held, but does not say by which process.",
                      "Try again in a moment."));
      if (!local.stop(server)) {
        throw new ProblemException(
            ProblemCode.SERVER_FAILED,
            "The server (process %d) did not end within 20 seconds.".formatted(server.pid()),
            "Wait, or end it with kill -9 %d: nothing is lost by that.".formatted(server.pid()));
      }
      terminal.line(
          "Stopped after %s. The data stays in %s."
              .formatted(
                  Durations.text(Duration.between(begin, Instant.now())), local.home().root()));
      return Exit.OK;
    }
    // A server that was killed leaves these two running, for the next one to adopt.
    var orphans = HomeProcesses.backends(local.home());
    orphans.forEach(ProcessHandle::destroy);
    orphans.forEach(orphan -> HomeProcesses.awaitEnd(orphan, Duration.ofSeconds(10)));
    terminal.line(
        orphans.isEmpty()
            ? "No server runs on " + local.home().root() + "."
            : "No server ran on %s; stopped the database and the broker that one had left."
                .formatted(local.home().root()));
    return Exit.OK;
  }
}

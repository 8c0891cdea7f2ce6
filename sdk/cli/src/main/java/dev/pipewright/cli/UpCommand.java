package dev.pipewright.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "up",
    description = "Starts the server, with its database and its broker.",
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  @Option(
      names = "--detach",
      description = "Return when it is ready, and leave it running in the background.")
  private boolean detach;

  @Override
  public Integer call() {
    var terminal = Terminal.standard(System.getenv());
    var local = LocalServer.ofEnvironment(terminal);
    terminal.line("Starting Pipewright");
    var started = local.start();
    terminal.line("");
    terminal.line(
        "Pipewright is ready after %s: %s"
            .formatted(Durations.text(started.took()), terminal.bold(started.server().url())));
    if (detach) {
      terminal.line("Stop it with ./pipewright down.");
      return Exit.OK;
    }
    terminal.line("Stop it with Ctrl-C.");
    Foreground.stopWithUs(local, started, terminal);
    return Foreground.serve(local, started);
  }
}

package dev.pipewright.cli;

import dev.pipewright.contract.home.HomeFolder;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "status",
    description = "Says whether a server runs and where; exit code 0 if one does, 1 if not.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    var terminal = Terminal.standard(System.getenv());
    var local = LocalServer.ofEnvironment(terminal);
    var home = local.home();
    var running = local.running();
    boolean inUse = local.inUse();
    var processes = new ArrayList<>(HomeProcesses.backends(home));
    if (inUse) {
      HomeProcesses.server(home).ifPresent(processes::add);
    }
    String state =
        running.isPresent()
            ? terminal.green("running")
            : inUse ? terminal.yellow("starting or stopping") : terminal.red("not running");
    row(terminal, "server", state + running.map(server -> ", process " + server.pid()).orElse(""));
    running.ifPresent(server -> {
      row(terminal, "address", server.url());
      row(terminal, "up for", Durations.text(Duration.between(server.startedAt(), Instant.now())));
    });
    boolean ownDatabase = running.map(server -> server.embeddedPostgres()).orElse(true);
    boolean ownBroker = running.map(server -> server.embeddedKafka()).orElse(true);
    row(terminal, "PostgreSQL", backend(ownDatabase, HomeProcesses.postgres(home)));
    row(terminal, "Kafka", backend(ownBroker, HomeProcesses.kafka(home)));
    if (!processes.isEmpty()) {
      HomeProcesses.memory(processes)
          .ifPresent(bytes -> row(terminal, "memory", HomeProcesses.mebibytes(bytes) + " in all"));
    }
    row(terminal, "home", home(home));
    return running.isPresent() ? Exit.OK : Exit.FAILED;
  }

  private static String backend(boolean own, Optional<ProcessHandle> process) {
    if (!own) {
      return "external";
    }
    return process.map(found -> "running, process " + found.pid()).orElse("not running");
  }

  private static String home(HomeFolder home) {
    return home.root() + (Files.exists(home.marker()) ? "" : " (not made yet)");
  }

  private static void row(Terminal terminal, String name, String value) {
    terminal.line("%-11s %s".formatted(name, value));
  }
}

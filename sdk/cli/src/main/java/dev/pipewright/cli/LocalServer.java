package dev.pipewright.cli;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.home.RunningServer;
import dev.pipewright.contract.home.StartupStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The server of one home folder, seen from outside: start it, wait for it, stop it.
final class LocalServer {
  private static final Duration STOP = Duration.ofSeconds(20);
  private static final Duration TICK = Duration.ofMillis(40);

  private final HomeFolder home;
  private final Installation installation;
  private final Terminal terminal;

  LocalServer(HomeFolder home, Installation installation, Terminal terminal) {
    this.home = home;
    this.installation = installation;
    this.terminal = terminal;
  }

  static LocalServer ofEnvironment(Terminal terminal) {
    var environment = System.getenv();
    return new LocalServer(HomeFolder.from(environment), Installation.from(environment), terminal);
  }

  HomeFolder home() {
    return home;
  }

  Installation installation() {
    return installation;
  }

  Optional<RunningServer> running() {
    try {
      return home.running();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  boolean inUse() {
    try {
      return home.inUse();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /// @throws ProblemException SERVER_UNREACHABLE when none runs
  RunningServer requireRunning() {
    return running()
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.SERVER_UNREACHABLE,
                inUse()
                    ? "The server on " + home.root() + " is starting or stopping."
                    : "No server runs on " + home.root() + ".",
                inUse() ? "Try again in a moment." : "Start it with ./pipewright up."));
  }

  /// A server process of ours.
  record Started(Process process, RunningServer server, Duration took) {}

  /// Starts a server and shows how it comes up.
  ///
  /// @throws ProblemException with what the server says is wrong
  Started start() {
    var begin = Instant.now();
    Process process;
    Path said;
    try {
      said = Files.createTempFile("pipewright-server", ".out");
      var builder =
          new ProcessBuilder(installation.serverCommand())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectErrorStream(true)
              .redirectOutput(said.toFile());
      builder.environment().put("PIPEWRIGHT_HOME", home.root().toString());
      builder.environment().put("PIPEWRIGHT_LIB", installation.root().toString());
      process = builder.start();
    } catch (IOException e) {
      throw new ProblemException(
          ProblemCode.SERVER_FAILED,
          "The server's process cannot be started: " + e.getMessage(),
          e);
    }
    // Should we be stopped while it starts, it must not go on alone.
    var undo = new Thread(() -> stop(process.toHandle()), "undo-start");
    Runtime.getRuntime().addShutdownHook(undo);
    var server = awaitReady(process, begin, said);
    removeHook(undo);
    try {
      Files.deleteIfExists(said);
    } catch (IOException e) {
      throw unreadable(e);
    }
    return new Started(process, server, Duration.between(begin, Instant.now()));
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // We are being stopped this very moment, and the hook is doing its work.
      Thread.currentThread().interrupt();
    }
  }

  private RunningServer awaitReady(Process process, Instant begin, Path said) {
    var shown = new Startup(terminal, begin);
    while (true) {
      boolean alive = process.isAlive();
      try {
        home.steps(process.pid()).stream().skip(shown.seen).forEach(shown::step);
        var running = home.running().filter(server -> server.pid() == process.pid());
        if (running.isPresent()) {
          terminal.draw(List.of());
          return running.get();
        }
        if (!alive) {
          terminal.draw(List.of());
          throw failed(process, Files.readString(said));
        }
      } catch (IOException e) {
        throw unreadable(e);
      }
      shown.draw();
      pause();
    }
  }

  /// The server prints `CODE: message`, and below it what to do.
  private ProblemException failed(Process process, String said) {
    for (var line : (Iterable<String>) said.lines()::iterator) {
      for (var code : ProblemCode.values()) {
        if (line.startsWith(code.name() + ": ")) {
          var rest = said.substring(said.indexOf(line) + line.length()).strip();
          int remedy = rest.lastIndexOf("\n  ");
          var more = remedy < 0 ? "" : "\n" + rest.substring(0, remedy);
          return new ProblemException(
              code,
              line.substring(code.name().length() + 2) + more,
              rest.substring(remedy < 0 ? 0 : remedy).strip());
        }
      }
    }
    return new ProblemException(
        ProblemCode.SERVER_FAILED,
        "The server's process ended with exit code %d.%s"
            .formatted(process.exitValue(), said.isBlank() ? "" : "\n" + said.strip()),
        "Read " + home.serverLog() + ", if it is there.");
  }

  /// Stops the server process and waits until everything is down.
  ///
  /// @return false when it did not end in time
  boolean stop(ProcessHandle process) {
    process.destroy();
    return HomeProcesses.awaitEnd(process, STOP);
  }

  /// Waits for a server that another start is bringing up.
  Optional<RunningServer> awaitOther() {
    while (inUse()) {
      var running = running();
      if (running.isPresent()) {
        return running;
      }
      pause();
    }
    return Optional.empty();
  }

  static void pause() {
    try {
      Thread.sleep(TICK);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the server", e);
    }
  }

  private ProblemException unreadable(IOException e) {
    return new ProblemException(
        ProblemCode.HOME_DAMAGED, home.root() + " cannot be read: " + e.getMessage(), e);
  }

  /// The phases of a start as they come: a line for each that is done, a moving one for those under
  /// way.
  private static final class Startup {
    private static final Map<StartupStep.Phase, String> NAMES =
        Map.of(
            StartupStep.Phase.HOME, "home folder",
            StartupStep.Phase.POSTGRES, "PostgreSQL",
            StartupStep.Phase.KAFKA, "Kafka",
            StartupStep.Phase.SERVER, "server");

    private final Terminal terminal;
    private final Instant begin;
    private final Map<StartupStep.Phase, StartupStep> started =
        new EnumMap<>(StartupStep.Phase.class);
    private final Map<StartupStep.Phase, StartupStep> latest =
        new EnumMap<>(StartupStep.Phase.class);
    private final Set<StartupStep.Phase> underWay = EnumSet.noneOf(StartupStep.Phase.class);
    int seen;

    Startup(Terminal terminal, Instant begin) {
      this.terminal = terminal;
      this.begin = begin;
    }

    void step(StartupStep step) {
      seen++;
      var phase = step.phase();
      latest.put(phase, step);
      switch (step.state()) {
        case STARTING -> {
          started.putIfAbsent(phase, step);
          underWay.add(phase);
        }
        case READY -> {
          underWay.remove(phase);
          var from = started.containsKey(phase) ? started.get(phase).at() : begin;
          var what =
              step.message() == null || phase == StartupStep.Phase.SERVER ? "" : step.message();
          terminal.line(
              "  %s %-12s %9s  %s"
                  .formatted(
                      terminal.green(terminal.picture("✓", "ok")),
                      NAMES.get(phase),
                      Durations.text(Duration.between(from, step.at())),
                      terminal.dim(what))
                  .stripTrailing());
        }
        case FAILED -> underWay.remove(phase);
      }
    }

    void draw() {
      var now = Instant.now();
      terminal.draw(
          underWay.stream()
              .map(phase ->
                  "  %s %-12s %9s  %s"
                      .formatted(
                          terminal.blue(Spinner.frame(terminal, now)),
                          NAMES.get(phase),
                          Durations.text(Duration.between(started.get(phase).at(), now)),
                          terminal.dim(
                              Optional.ofNullable(latest.get(phase).message()).orElse(""))))
              .toList());
    }
  }
}

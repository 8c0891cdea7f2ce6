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
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The server of one home folder, seen from outside: start it, wait for it, stop it.
final class LocalServer {
  private static final Duration STOP = Duration.ofSeconds(20);
  private static final Duration TICK = Duration.ofMillis(40);

  private final HomeFolder home;
  private final Installation installation;
  private final Terminal terminal;
  private volatile boolean stopping;

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
    var undo =
        new Thread(
            () -> {
              stop(process.toHandle());
              discard(said);
            },
            "undo-start");
    Runtime.getRuntime().addShutdownHook(undo);
    RunningServer server;
    try {
      server = awaitReady(process, begin, said);
    } finally {
      removeHook(undo);
      // The server has it open, and writes into the nameless file from now on.
      discard(said);
    }
    return new Started(process, server, Duration.between(begin, Instant.now()));
  }

  private void discard(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      terminal.line("(" + file + " cannot be removed: " + e.getMessage() + ")");
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // We are being stopped this very moment, and the hook does its work: nothing is left to do.
      LocalServer.pause();
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
        if (!alive && !stopping) {
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

  private ProblemException failed(Process process, String said) {
    return problemIn(said)
        .orElseGet(() ->
            new ProblemException(
                ProblemCode.SERVER_FAILED,
                "The server's process ended with exit code %d.%s"
                    .formatted(process.exitValue(), said.isBlank() ? "" : "\n" + said.strip()),
                "Read " + home.serverLog() + ", if it is there."));
  }

  /// The problem that a server printed before it gave up: `CODE: what is wrong`, perhaps more
  /// lines, and a last one, indented, with what to do.
  static Optional<ProblemException> problemIn(String said) {
    var lines = said.strip().lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      int colon = lines.get(i).indexOf(": ");
      var code = colon < 0 ? Optional.<ProblemCode>empty() : code(lines.get(i).substring(0, colon));
      if (code.isPresent()) {
        boolean remedy = i < lines.size() - 1 && lines.getLast().startsWith("  ");
        var detail = new ArrayList<>(lines.subList(i, lines.size() - (remedy ? 1 : 0)));
        detail.set(0, detail.getFirst().substring(colon + 2));
        return Optional.of(
            new ProblemException(
                code.get(),
                String.join("\n", detail),
                remedy ? lines.getLast().strip() : code.get().remedy()));
      }
    }
    return Optional.empty();
  }

  private static Optional<ProblemCode> code(String word) {
    return Stream.of(ProblemCode.values()).filter(code -> code.name().equals(word)).findFirst();
  }

  /// Stops the server process and waits until everything is down.
  ///
  /// @return false when it did not end in time
  boolean stop(ProcessHandle process) {
    stopping = true;
    process.destroy();
    return HomeProcesses.awaitEnd(process, STOP);
  }

  /// Whether it was us who ended the server: then nothing about its end is a failure.
  boolean stopping() {
    return stopping;
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

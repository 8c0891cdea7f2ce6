package dev.pipewright.server;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.RunningServer;
import dev.pipewright.contract.home.StartupStep.Phase;
import dev.pipewright.contract.home.StartupStep.State;
import dev.pipewright.embedded.EmbeddedProcess;
import dev.pipewright.embedded.Supervisor;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.net.BindException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// One start of the server.
///
/// Everything that can be wrong with the surroundings is found before anything is started or
/// written. The database and the broker are not bound to our life: when this process is killed they
/// go on, and the next start adopts them. Only a clean end takes them down.
final class Startup {
  private static final Logger LOG = Logger.getLogger("dev.pipewright.server");
  private static final Duration QUARKUS_STOP = Duration.ofSeconds(6);

  private static volatile @Nullable Startup current;

  private final Settings settings;
  private final Home home;
  private final int port;
  private final Instant startedAt = Instant.now();
  private final Backends backends;
  private final CountDownLatch quarkusEnded = new CountDownLatch(1);
  private @Nullable Supervisor supervisor;
  private boolean inQuarkus;
  private boolean stopping;
  private @Nullable Throwable quarkusFailure;

  private Startup(Settings settings, Home home, int port) {
    this.settings = settings;
    this.home = home;
    this.port = port;
    this.backends = Backends.starting(settings, home);
  }

  /// Starts, serves, and returns the exit code when it is over.
  static int run(String... args) {
    try {
      return begin().serve(args);
    } catch (ProblemException e) {
      print(e);
      return 1;
    }
  }

  private static Startup begin() {
    var settings = Settings.from(System.getenv(), besideThisProgram());
    Home.requireUsable(settings.home());
    int port = LoopbackPort.claim(settings.host(), settings.port());
    var home = Home.take(settings.home());
    // Before anything asks for it.
    System.setProperty("java.io.tmpdir", settings.home().temporary().toString());
    home.report(Phase.HOME, State.READY, settings.home().root().toString());
    var startup = new Startup(settings, home, port);
    Runtime.getRuntime().addShutdownHook(new Thread(startup::shutDown, "pipewright-shutdown"));
    return startup;
  }

  private int serve(String... args) {
    try {
      properties().forEach(System::setProperty);
      watch(backends.processes());
      home.report(Phase.SERVER, State.STARTING, null);
      if (!enterQuarkus()) {
        return 1;
      }
      current = this;
      Quarkus.run(
          Application.class,
          (code, failure) -> {
            quarkusFailure = failure;
            quarkusEnded.countDown();
          },
          args);
      quarkusEnded.countDown();
      if (quarkusFailure != null) {
        throw serverFailed(quarkusFailure);
      }
      return 0;
    } catch (ProblemException e) {
      print(e);
      home.report(Phase.SERVER, State.FAILED, e.getMessage());
      return 1;
    }
  }

  /// Called by Quarkus when it serves.
  static void ready() {
    var startup = current;
    if (startup == null) {
      return;
    }
    startup.home.ready(
        new RunningServer(
            ProcessHandle.current().pid(),
            startup.port,
            startup.settings.url(startup.port),
            startup.startedAt,
            startup.settings.database().isEmpty(),
            startup.settings.kafkaBootstrap().isEmpty()));
    startup.home.report(Phase.SERVER, State.READY, startup.settings.url(startup.port));
  }

  /// The processes this server looks after; none where it was not started by [#run].
  static List<EmbeddedProcess> processes() {
    var startup = current;
    return startup == null ? List.of() : startup.backends.processes();
  }

  private Map<String, String> properties() {
    var database = backends.database().address();
    var properties = new HashMap<String, String>();
    properties.put("quarkus.http.host", settings.host().getHostAddress());
    properties.put("quarkus.http.port", Integer.toString(port));
    properties.put("quarkus.datasource.jdbc.url", database.url());
    if (!database.user().isEmpty()) {
      properties.put("quarkus.datasource.username", database.user());
      properties.put("quarkus.datasource.password", database.password());
    }
    properties.put("quarkus.log.file.enabled", "true");
    properties.put("quarkus.log.file.path", home.folder().serverLog().toString());
    properties.put("pipewright.kafka.bootstrap", backends.broker().bootstrap());
    properties.put("pipewright.home", home.folder().root().toString());
    properties.put("pipewright.lib", settings.lib().toString());
    properties.put("pipewright.url", settings.url(port));
    return properties;
  }

  private synchronized boolean enterQuarkus() {
    inQuarkus = !stopping;
    return inQuarkus;
  }

  private synchronized void watch(List<EmbeddedProcess> processes) {
    if (!stopping && !processes.isEmpty()) {
      supervisor = new Supervisor(processes, new Logged());
    }
  }

  /// The shutdown hook; Quarkus has one of its own that runs beside it.
  private void shutDown() {
    boolean waitForQuarkus;
    Supervisor watching;
    synchronized (this) {
      stopping = true;
      waitForQuarkus = inQuarkus;
      watching = supervisor;
    }
    try {
      if (waitForQuarkus && !quarkusEnded.await(QUARKUS_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("The server did not end in time; its broker and database are stopped anyway");
      }
      if (watching != null) {
        watching.close();
      }
      backends.stop();
      home.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      System.err.println("The home folder could not be tidied: " + e.getMessage());
    }
  }

  private ProblemException serverFailed(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProblemException problem) {
        return problem;
      }
      if (cause instanceof BindException) {
        return LoopbackPort.inUse(port, String.valueOf(cause.getMessage()));
      }
    }
    return new ProblemException(
        ProblemCode.SERVER_FAILED,
        String.valueOf(failure),
        "Read " + home.folder().serverLog() + ".");
  }

  private static void print(ProblemException e) {
    System.err.println(e.getMessage());
    if (e.problem().remedy() != null) {
      System.err.println("  " + e.problem().remedy());
    }
  }

  /// The packaged server is `DIST/server/app/pipewright-server.jar`; beside it lie the broker and
  /// the runner.
  private static Path besideThisProgram() {
    try {
      var jar = Path.of(Startup.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return jar.resolve("../../..").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the server's own jar has no path", e);
    }
  }

  private static final class Logged implements Supervisor.Listener {
    @Override
    public void died(EmbeddedProcess process) {
      LOG.errorf("%s (process %d) died; starting it again", process.name(), process.pid());
    }

    @Override
    public void restarted(EmbeddedProcess process) {
      LOG.infof("%s is up again, process %d", process.name(), process.pid());
    }

    @Override
    public void failed(EmbeddedProcess process, ProblemException why, Duration next) {
      LOG.errorf(
          "%s did not come up again, next attempt in %s: %s",
          process.name(), next, why.getMessage());
    }
  }
}

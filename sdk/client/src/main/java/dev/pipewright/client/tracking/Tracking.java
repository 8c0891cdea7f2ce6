package dev.pipewright.client.tracking;

import dev.pipewright.client.Pipewright;
import dev.pipewright.client.tracking.MlflowCalls.Away;
import dev.pipewright.client.tracking.MlflowCalls.Refused;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.MetricHistory;
import dev.pipewright.contract.api.TrackedRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Logs runs to a Pipewright server, and reads them.
///
/// ```java
/// try (var tracking = Tracking.connect("http://127.0.0.1:8080");
///     var run = tracking.start("credit", "first try")) {
///   run.param("rate", 0.1);
///   for (int step = 0; step < 1_000; step++) {
///     run.log("loss", step, train());
///   }
///   run.artifact(Path.of("report.html"));
/// }
/// ```
///
/// What is logged goes to a spool on this machine first; a thread of its own delivers it. So calls
/// take well under a microsecond whether the server answers or not, and training never waits for
/// the network.
///
/// - **The server is away**: the spool grows, and is delivered when the server is back. At
///   [Settings#limit], further points are dropped and counted; params, tags and ends are still
///   kept. [#flush] and [#close] then fail with `TRACKING_INCOMPLETE`, which also tells what the
///   server refused.
/// - **The process dies**, also by `kill -9`: everything that a call returned from is in the spool.
///   The next [#connect] to the same server with the same spool delivers it, or [#resume]. Runs
///   that had not ended become `FAILED`. After a power cut, what the operating system had not yet
///   written is missing; a run's end, [#flush] and [#close] wait for the disk.
/// - **Exactly once**: whatever is sent again after a lost answer counts once.
///
/// Instances are safe for use by several threads. Reads go to the server at once and see what has
/// been delivered; they fail with `SERVER_UNREACHABLE` and the server's own codes.
public final class Tracking implements AutoCloseable {
  static final int SEGMENT = 4 * 1024 * 1024;

  private static final System.Logger LOG = System.getLogger(Tracking.class.getName());
  private static final int PAGE = 1_000;

  private final Settings settings;
  private final Spool spool;
  private final MlflowCalls calls;
  private final Shipper shipper;
  private final Pipewright pipewright;
  private final Thread leftovers;
  private final Thread atShutdown;
  private boolean closed;

  /// @param server base address, such as `http://127.0.0.1:8080`
  /// @param spool the folder that holds what has not arrived; several processes may share it
  /// @param limit how many bytes of it one process may use, 10 GiB unless told and 16 MiB at least
  /// @param patience how long closing waits for the server; what is left then stays in the spool
  /// @param clock tells when something was logged
  public record Settings(URI server, Path spool, long limit, Duration patience, Clock clock) {
    public Settings {
      if (limit < 4L * SEGMENT) {
        throw new IllegalArgumentException("the limit is " + limit + " bytes; 16 MiB is the least");
      }
    }

    /// The spool is where `PIPEWRIGHT_SPOOL` says, by default `~/.local/state/pipewright/tracking`.
    public static Settings of(URI server) {
      var named = System.getenv("PIPEWRIGHT_SPOOL");
      var spool =
          named == null || named.isBlank()
              ? Path.of(
                  System.getProperty("user.home"), ".local", "state", "pipewright", "tracking")
              : Path.of(named);
      return new Settings(server, spool, 10L << 30, Duration.ofSeconds(30), Clock.systemUTC());
    }

    public Settings withSpool(Path folder) {
      return new Settings(server, folder, limit, patience, clock);
    }

    public Settings withLimit(long bytes) {
      return new Settings(server, spool, bytes, patience, clock);
    }

    public Settings withPatience(Duration longest) {
      return new Settings(server, spool, limit, longest, clock);
    }

    public Settings withClock(Clock other) {
      return new Settings(server, spool, limit, patience, other);
    }
  }

  private Tracking(Settings settings) {
    this.settings = settings;
    var folder = settings.spool.toAbsolutePath().resolve(newId());
    var server = settings.server.toString();
    this.spool = Spool.create(folder, server, settings.limit, SEGMENT);
    this.calls = new MlflowCalls(settings.server);
    this.shipper = Shipper.start(spool, calls);
    this.pipewright = Pipewright.connect(settings.server);
    this.leftovers =
        Thread.ofPlatform()
            .name("tracking-leftovers")
            .daemon(true)
            .start(() -> deliverLeftovers(folder.getParent(), server));
    this.atShutdown = Thread.ofPlatform().name("tracking-end").unstarted(() -> shutDown());
    Runtime.getRuntime().addShutdownHook(atShutdown);
  }

  /// Opens the spool and begins to deliver what is there; succeeds without a server too.
  ///
  /// @param server base address, such as `http://127.0.0.1:8080`
  /// @throws ProblemException SPOOL_UNUSABLE
  public static Tracking connect(String server) {
    return connect(URI.create(server));
  }

  public static Tracking connect(URI server) {
    return connect(Settings.of(server));
  }

  public static Tracking connect(Settings settings) {
    return new Tracking(settings);
  }

  /// Delivers what processes left in a folder of spools, to whichever server each is for. What
  /// living processes use is left to them.
  ///
  /// @return whether all of it has arrived; false when the time was over first
  /// @throws ProblemException TRACKING_INCOMPLETE when a server refused something
  public static boolean resume(Path spools, Duration longest) throws InterruptedException {
    return Leftovers.deliver(spools, null, longest.toNanos());
  }

  private static void deliverLeftovers(Path spools, String server) {
    try {
      Leftovers.deliver(spools, server, Long.MAX_VALUE / 2);
    } catch (InterruptedException e) {
      // Closed; the next one goes on.
    } catch (ProblemException | UncheckedIOException e) {
      LOG.log(System.Logger.Level.ERROR, "what was left in " + spools + " is not delivered", e);
    }
  }

  /// Starts a run. The experiment is made when there is none of this name.
  public ActiveRun start(String experiment, String name) {
    return start(experiment, name, null);
  }

  ActiveRun start(String experiment, String name, @Nullable ActiveRun parent) {
    var id = newId();
    spool.append(
        new Entry.Started(
            id,
            experiment,
            name,
            parent == null ? null : parent.id(),
            settings.clock.millis(),
            Map.of(
                "mlflow.user",
                System.getProperty("user.name", ""),
                "mlflow.source.type",
                "LOCAL",
                "mlflow.source.name",
                System.getProperty("sun.java.command", "java").split(" ", 2)[0])));
    return new ActiveRun(this, spool, settings.clock, id, experiment);
  }

  String newId() {
    return Ids.uuid7(settings.clock.millis()).toString().replace("-", "");
  }

  void end(String run, String status) {
    spool.append(new Entry.Ended(run, status, settings.clock.millis()));
  }

  /// Waits until everything that was logged so far has arrived.
  ///
  /// @return false when the time was over first; nothing is lost then
  /// @throws ProblemException TRACKING_INCOMPLETE when points found no room, or the server refused
  ///   something
  public boolean flush(Duration longest) throws InterruptedException {
    spool.force();
    boolean arrived = spool.awaitDelivery(spool.end(), longest.toNanos());
    shipper.requireComplete();
    return arrived;
  }

  /// A run as the server knows it, with its newest metrics.
  ///
  /// @throws ProblemException RUN_NOT_FOUND
  public TrackedRun run(String id) {
    return pipewright.trackedRuns().get(id);
  }

  /// All points of a metric, by step, up to a million.
  ///
  /// @throws ProblemException RUN_NOT_FOUND, METRIC_NOT_FOUND, or TOO_MANY_POINTS
  public MetricHistory history(String runId, String key) {
    return pipewright.trackedRuns().history(runId, key, null);
  }

  /// The runs of experiments that a filter finds; pages are fetched as the stream is read.
  ///
  /// @param experiments by name; those that do not exist have no runs
  /// @param filter such as `metrics.loss < 0.1 and params.rate = '0.1'`; empty for all
  /// @param orderBy such as `metrics.loss ASC`; newest first without any
  /// @throws ProblemException BAD_REQUEST when the filter is not understood
  public Stream<FoundRun> search(List<String> experiments, String filter, String... orderBy) {
    var ids = experiments.stream().map(this::experimentId).filter(Objects::nonNull).toList();
    if (ids.isEmpty()) {
      return Stream.empty();
    }
    var pages =
        Stream.iterate(
            page(ids, filter, List.of(orderBy), null),
            Objects::nonNull,
            page -> page.next == null ? null : page(ids, filter, List.of(orderBy), page.next));
    return pages.flatMap(page -> page.runs.stream());
  }

  private record Page(List<FoundRun> runs, @Nullable String next) {}

  private Page page(
      List<String> experiments, String filter, List<String> orderBy, @Nullable String token) {
    var body = new HashMap<String, Object>();
    body.put("experiment_ids", experiments);
    body.put("filter", filter);
    body.put("order_by", orderBy);
    body.put("max_results", PAGE);
    if (token != null) {
      body.put("page_token", token);
    }
    var answer = now(() -> calls.post("runs/search", body));
    var runs = new ArrayList<FoundRun>();
    answer.path("runs").forEach(run -> runs.add(FoundRun.of(run)));
    var next = answer.path("next_page_token").asText("");
    return new Page(runs, next.isEmpty() ? null : next);
  }

  private @Nullable String experimentId(String name) {
    return now(() -> {
      try {
        return calls
            .get("experiments/get-by-name", Map.of("experiment_name", name))
            .path("experiment")
            .path("experiment_id")
            .asText();
      } catch (Refused e) {
        if (e.code().equals("RESOURCE_DOES_NOT_EXIST")) {
          return null;
        }
        throw e;
      }
    });
  }

  /// Registers a logged model as the next version of a registered one, which is made when there is
  /// none of this name. Delivers what was logged first.
  ///
  /// @param modelId what [ActiveRun#model] answered
  /// @return the version
  /// @throws ProblemException BAD_REQUEST when the server refuses it
  public int register(String name, String modelId) throws InterruptedException {
    if (!flush(settings.patience)) {
      throw new ProblemException(
          ProblemCode.SERVER_UNREACHABLE,
          "The model %s has not arrived at %s yet.".formatted(modelId, settings.server));
    }
    now(() -> {
      try {
        return calls.post("registered-models/create", Map.of("name", name));
      } catch (Refused e) {
        if (!e.code().equals("RESOURCE_ALREADY_EXISTS")) {
          throw e;
        }
        return null;
      }
    });
    var model =
        now(() -> calls.get("logged-models/" + modelId, Map.of())).path("model").path("info");
    var body =
        Map.of(
            "name",
            name,
            "source",
            "models:/" + modelId,
            "model_id",
            modelId,
            "run_id",
            model.path("source_run_id").asText());
    return now(() -> calls.post("model-versions/create", body))
        .path("model_version")
        .path("version")
        .asInt();
  }

  /// Gives a version of a registered model another name, and takes it from the one that had it.
  ///
  /// @throws ProblemException NOT_FOUND
  public void alias(String model, String alias, int version) {
    now(() ->
        calls.post(
            "registered-models/alias",
            Map.of("name", model, "alias", alias, "version", Integer.toString(version))));
  }

  private interface Question<T extends @Nullable Object> {
    T ask() throws Away, Refused, InterruptedException;
  }

  private static <T extends @Nullable Object> T now(Question<T> question) {
    try {
      return question.ask();
    } catch (Away e) {
      throw e.problem();
    } catch (Refused e) {
      throw e.problem();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the server", e);
    }
  }

  /// Ends the runs that were not closed as finished, and waits for the server as long as the
  /// settings say. What has not arrived then is delivered by the next [#connect] or [#resume].
  ///
  /// @throws ProblemException TRACKING_INCOMPLETE when points found no room, or the server refused
  ///   something
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(atShutdown);
    } catch (IllegalStateException e) {
      // The process ends already, and the hook has or will have done it.
    }
    close("FINISHED", settings.patience);
  }

  /// A process that ends in the middle of a run has not finished it.
  private void shutDown() {
    var most = Duration.ofSeconds(5);
    try {
      close("KILLED", settings.patience.compareTo(most) < 0 ? settings.patience : most);
    } catch (ProblemException e) {
      LOG.log(System.Logger.Level.ERROR, e.getMessage());
    }
  }

  private synchronized void close(String status, Duration longest) {
    if (closed) {
      return;
    }
    closed = true;
    spool.openRuns().forEach(run -> end(run, status));
    try {
      spool.force();
      if (!spool.awaitDelivery(spool.end(), longest.toNanos())) {
        LOG.log(
            System.Logger.Level.WARNING,
            "Not everything has reached {0}. The rest is in {1} and is delivered by the next"
                + " connection to this server.",
            settings.server,
            spool.folder);
      }
      shipper.requireComplete();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      release();
    }
  }

  private void release() {
    leftovers.interrupt();
    shipper.close();
    calls.close();
    pipewright.close();
    try {
      leftovers.join();
      spool.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException("the spool " + spool.folder + " cannot be closed", e);
    }
  }
}

package dev.pipewright.client;

import dev.pipewright.contract.api.ServerInfo;
import java.net.URI;
import java.time.Duration;

/// A connection to one Pipewright server.
///
/// ```java
/// try (var pipewright = Pipewright.connect(URI.create("http://127.0.0.1:8080"))) {
///   var version = pipewright.pipelines().apply(Path.of("pipeline.yaml"));
///   var run = pipewright.runs().start(version.pipeline(), Map.of("rows", 1000));
///   var ended = pipewright.runs().follow(run.id(), now -> System.out.println(now.state()));
///   double auc = ended.output("auc", Double.class);
/// }
/// ```
///
/// Calls that can be repeated without harm are repeated up to four times, with growing, random
/// pauses, when the server cannot be reached or answers that it is not available; that takes two
/// seconds at most before the failure is reported. Starting a run is made repeatable by an
/// `Idempotency-Key`. Instances are safe for use by several threads.
public final class Pipewright implements AutoCloseable {
  private final Http http;

  private Pipewright(Http http) {
    this.http = http;
  }

  /// Prepares for calls; none is made yet, so this succeeds without a server too.
  ///
  /// @param server base address, such as `http://127.0.0.1:8080`
  public static Pipewright connect(URI server) {
    return connect(server, ClientOptions.DEFAULT);
  }

  /// Prepares for calls made in another way than by default.
  ///
  /// @param server base address, such as `http://127.0.0.1:8080`
  public static Pipewright connect(URI server, ClientOptions options) {
    return connect(server, Retry.DEFAULT.withAttempts(options.attempts()), options.timeout());
  }

  static Pipewright connect(URI server, Retry retry, Duration timeout) {
    return new Pipewright(new Http(server, retry, timeout));
  }

  /// What is running there.
  public ServerInfo server() {
    return http.get("/server", ServerInfo.class);
  }

  /// Pipelines and their versions.
  public Pipelines pipelines() {
    return new Pipelines(http, blobs());
  }

  /// Pipeline runs.
  public PipelineRuns runs() {
    return new PipelineRuns(http);
  }

  /// What starts runs by the clock.
  public Schedules schedules() {
    return new Schedules(http);
  }

  /// Runs for times that have passed.
  public Backfills backfills() {
    return new Backfills(http);
  }

  /// What starts runs when something happens.
  public Triggers triggers() {
    return new Triggers(http);
  }

  /// What tasks of any pipeline take from while they run.
  public Pools pools() {
    return new Pools(http);
  }

  /// Searches for good params.
  public Studies studies() {
    return new Studies(http);
  }

  /// Tracked runs: params, metrics, logs.
  public TrackedRuns trackedRuns() {
    return new TrackedRuns(http);
  }

  /// The model catalog.
  public Models models() {
    return new Models(http);
  }

  /// Content-addressed files.
  public Blobs blobs() {
    return new Blobs(http);
  }

  /// Looking after the server.
  public Maintenance maintenance() {
    return new Maintenance(http);
  }

  /// Ends calls that are under way, and gives the connections back.
  @Override
  public void close() {
    http.close();
  }
}

package dev.pipewright.tracker.mlflow;

import dev.pipewright.platform.PlatformConfig;
import dev.pipewright.tracker.mlflow.wire.Routes;
import io.vertx.core.http.HttpMethod;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;

/// What clients ask of the server itself. They decide by the version which calls to use.
@ApplicationScoped
class ServerCalls implements Routes.Family {
  /// The newest MLflow whose calls this server has.
  static final String VERSION = "3.17.2";

  private final PlatformConfig config;

  ServerCalls(PlatformConfig config) {
    this.config = config;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .raw(HttpMethod.GET, "/health", context -> context.response().end("OK"))
        .raw(HttpMethod.GET, "/version", context -> context.response().end(VERSION))
        .get("3.0/mlflow/server-info", call -> info())
        .get("3.0/mlflow/ui-telemetry", call -> new Telemetry(true, new String[0], 0))
        .post("3.0/mlflow/ui-telemetry", call -> Map.of("status", "disabled"));
  }

  /// @param multipartDownloadsEnabled whether clients should ask for a file's own address first,
  ///   which is worth a request where the file comes from elsewhere
  record Info(
      String storeType,
      boolean workspacesEnabled,
      boolean traceArchivalEnabled,
      boolean multipartUploadsEnabled,
      boolean multipartDownloadsEnabled,
      boolean presignedUploadRunIdSupported,
      boolean presignedUploadModelIdSupported,
      Map<String, Boolean> featuresEnabled) {}

  private Info info() {
    return new Info(
        "SqlStore",
        false,
        false,
        true,
        config.blobs().store() == PlatformConfig.Store.S3,
        false,
        false,
        Map.of("gateway", false));
  }

  /// MLflow's pages ask whether they may report to its makers: they may not.
  private record Telemetry(
      boolean disableUiTelemetry, String[] disableUiEvents, int uiRolloutPercentage) {}
}

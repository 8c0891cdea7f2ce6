package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.Routes;
import io.vertx.core.http.HttpMethod;
import jakarta.enterprise.context.ApplicationScoped;

/// What clients ask of the server itself. They decide by the version which calls to use.
@ApplicationScoped
class ServerCalls implements Routes.Family {
  /// The newest MLflow whose calls this server has.
  static final String VERSION = "3.17.2";

  @Override
  public void addTo(Routes routes) {
    routes
        .raw(HttpMethod.GET, "/health", context -> context.response().end("OK"))
        .raw(HttpMethod.GET, "/version", context -> context.response().end(VERSION));
  }
}

package dev.pipewright.server;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// Not ready while the embedded database or broker is down.
@Readiness
@ApplicationScoped
class EmbeddedHealth implements HealthCheck {
  @Override
  public HealthCheckResponse call() {
    var response = HealthCheckResponse.named("embedded").up();
    for (var process : Startup.processes()) {
      boolean alive = process.alive();
      response.withData(process.name(), alive ? "up, process " + process.pid() : "down");
      if (!alive) {
        response.down();
      }
    }
    return response.build();
  }
}

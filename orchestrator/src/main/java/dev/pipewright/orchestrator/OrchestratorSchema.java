package dev.pipewright.orchestrator;

import dev.pipewright.platform.Migrations;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import javax.sql.DataSource;

/// Brings the orchestrator's tables up to date before anything uses them.
@ApplicationScoped
public class OrchestratorSchema {
  public static final String NAME = "orchestrator";

  void onStart(@Observes @Priority(10) StartupEvent event, DataSource dataSource) {
    Migrations.migrate(dataSource, NAME);
  }
}

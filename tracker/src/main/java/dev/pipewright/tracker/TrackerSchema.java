package dev.pipewright.tracker;

import dev.pipewright.platform.Migrations;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import javax.sql.DataSource;

/// Brings the tracker's tables up to date before anything uses them.
@ApplicationScoped
public class TrackerSchema {
  public static final String NAME = "tracker";

  void onStart(@Observes @Priority(10) StartupEvent event, DataSource dataSource) {
    Migrations.migrate(dataSource, NAME);
  }
}

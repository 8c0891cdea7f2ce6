package dev.pipewright.platform;

import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/// Brings one schema up to date. Each part has a schema and a Flyway history of its own.
public final class Migrations {
  private Migrations() {}

  /// Applies the scripts under `db/<schema>/` on the class path.
  public static void migrate(DataSource dataSource, String schema) {
    var result =
        Flyway.configure(Migrations.class.getClassLoader())
            .dataSource(dataSource)
            .schemas(schema)
            .createSchemas(true)
            .locations("classpath:db/" + schema)
            .failOnMissingLocations(true)
            .validateMigrationNaming(true)
            .load()
            .migrate();
    if (!result.success) {
      throw new IllegalStateException("the migration of schema " + schema + " did not succeed");
    }
  }
}

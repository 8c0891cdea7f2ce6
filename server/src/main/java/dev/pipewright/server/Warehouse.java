package dev.pipewright.server;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.home.PrivateFile;
import dev.pipewright.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/// A database for what tasks load and query, beside our own in the embedded PostgreSQL. Its role
/// may use no other database and not all connections. Its address is the secret `WAREHOUSE_URL`, so
/// that the same pipeline has another warehouse where the secret is another one.
final class Warehouse {
  static final String SECRET = "WAREHOUSE_URL";
  private static final String NAME = "warehouse";
  private static final int MOST_CONNECTIONS = 20;

  private Warehouse() {}

  /// Makes it where it is not there, and writes its address.
  ///
  /// @throws ProblemException POSTGRES_FAILED
  static void prepare(EmbeddedPostgres postgres, HomeFolder home) {
    try {
      var file = home.secrets().resolve(SECRET);
      if (isSomebodyElses(file)) {
        return;
      }
      var password = PrivateFile.password(home.postgres().resolve("warehouse-password"));
      try (var connection =
          DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password())) {
        create(connection, password);
      }
      PrivateFile.write(
          file,
          "postgresql://%s:%s@127.0.0.1:%d/%s\n".formatted(NAME, password, postgres.port(), NAME));
    } catch (IOException | SQLException e) {
      throw new ProblemException(
          ProblemCode.POSTGRES_FAILED, "the warehouse could not be made: " + e.getMessage(), e);
    }
  }

  /// Whoever wrote an address of their own keeps it.
  private static boolean isSomebodyElses(Path file) throws IOException {
    return Files.exists(file)
        && !Files.readString(file).startsWith("postgresql://%s:".formatted(NAME));
  }

  private static void create(Connection connection, String password) throws SQLException {
    try (var statement = connection.createStatement()) {
      boolean there;
      try (var found =
          statement.executeQuery(
              "select 1 from pg_database where datname = '%s'".formatted(NAME))) {
        there = found.next();
      }
      if (there) {
        return;
      }
      // A server that was killed in between has left the role.
      statement.execute(
          "do $$ begin create role %1$s; exception when duplicate_object then null; end $$"
              .formatted(NAME));
      statement.execute(
          "alter role %s login connection limit %d password '%s'"
              .formatted(NAME, MOST_CONNECTIONS, password));
      for (var own : new String[] {"pipewright", "postgres", "template1"}) {
        statement.execute("revoke connect on database %s from public".formatted(own));
      }
      statement.execute("create database %1$s owner %1$s".formatted(NAME));
    }
  }
}

package dev.pipewright.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// For tests: one real PostgreSQL a JVM, on a folder of its own. It ends with the JVM, however that
/// ends.
public final class TestPostgres {
  private final EmbeddedPostgres postgres;
  private final AtomicInteger databases = new AtomicInteger();

  private static final class Shared {
    static final TestPostgres INSTANCE = new TestPostgres();
  }

  private TestPostgres() {
    try {
      var folder = Files.createTempDirectory("pipewright-test-postgres");
      Watchdog.over(folder);
      // Nothing here has to survive a power cut.
      this.postgres =
          EmbeddedPostgres.start(
              folder, Progress.SILENT, List.of("fsync=off", "full_page_writes=off"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static TestPostgres shared() {
    return Shared.INSTANCE;
  }

  /// The JDBC address, user and password included, of a new empty database.
  public String newDatabase() {
    var name = "test_" + databases.incrementAndGet();
    try (var connection =
            DriverManager.getConnection(
                postgres.jdbcUrl("postgres"), postgres.user(), postgres.password());
        var statement = connection.createStatement()) {
      statement.execute("create database " + name);
    } catch (SQLException e) {
      throw new IllegalStateException("a database for the test cannot be made", e);
    }
    return "%s?user=%s&password=%s"
        .formatted(postgres.jdbcUrl(name), postgres.user(), postgres.password());
  }

  /// The server itself, for tests of what happens when it dies.
  public EmbeddedPostgres server() {
    return postgres;
  }
}

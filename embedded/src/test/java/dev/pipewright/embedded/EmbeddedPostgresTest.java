package dev.pipewright.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {
  @TempDir(cleanup = CleanupMode.NEVER)
  Path dir;

  @BeforeEach
  void neverLeak() throws IOException {
    Watchdog.over(dir);
  }

  @AfterEach
  void stop() throws IOException {
    if (Files.exists(dir.resolve("data/postmaster.pid"))) {
      EmbeddedPostgres.start(dir, Progress.SILENT).stop();
    }
  }

  @Test
  void keepsDataAndPortOverACleanRestart() throws SQLException {
    var first = EmbeddedPostgres.start(dir, Progress.SILENT);
    execute(first, "create table kept (n int)");
    execute(first, "insert into kept values (42)");
    first.stop();
    assertThat(first.alive()).isFalse();

    var second = EmbeddedPostgres.start(dir, Progress.SILENT);
    assertThat(second.port()).isEqualTo(first.port());
    assertThat(number(second, "select n from kept")).isEqualTo(42);
  }

  @Test
  void speaksUtf8AndSortsByCodePoint() throws SQLException {
    var postgres = EmbeddedPostgres.start(dir, Progress.SILENT);
    assertThat(number(postgres, "select length('äöü€')")).isEqualTo(4);
    assertThat(number(postgres, "select case when 'Z' < 'a' then 1 else 0 end")).isEqualTo(1);
    assertThat(number(postgres, "select current_setting('server_version_num')::int / 10000"))
        .isEqualTo(18);
  }

  @Test
  void onlyTheOwnerCanReadThePassword() throws IOException {
    var postgres = EmbeddedPostgres.start(dir, Progress.SILENT);
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("password"))))
        .isEqualTo("rw-------");
    assertThatThrownBy(
            () -> DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), "wrong").close())
        .hasMessageContaining("password authentication failed");
  }

  @Test
  void losesNothingCommittedWhenItIsKilled() throws SQLException {
    var postgres = EmbeddedPostgres.start(dir, Progress.SILENT);
    execute(postgres, "create table kept (n int)");
    execute(postgres, "insert into kept values (42)");
    int port = postgres.port();
    // An open session keeps the shared memory for a moment after the postmaster's death.
    try (var session = connect(postgres)) {
      assertThat(session.isValid(5)).isTrue();
      kill(postgres.pid());
      postgres.restart();
    }
    assertThat(postgres.port()).isEqualTo(port);
    assertThat(number(postgres, "select n from kept")).isEqualTo(42);
  }

  @Test
  void adoptsTheOneThatRunsAlready() throws SQLException {
    var first = EmbeddedPostgres.start(dir, Progress.SILENT);
    var second = EmbeddedPostgres.start(dir, Progress.SILENT);
    assertThat(second.pid()).isEqualTo(first.pid());
    assertThat(number(second, "select 1")).isEqualTo(1);
  }

  @Test
  void doesNotTakeAnotherProcessForPostgres() throws IOException, SQLException {
    var first = EmbeddedPostgres.start(dir, Progress.SILENT);
    var file = dir.resolve("data/postmaster.pid");
    var lines = Files.readAllLines(file);
    kill(first.pid());
    // As after a reboot: the number is in use, by something else.
    lines.set(0, Long.toString(ProcessHandle.current().pid()));
    Files.write(file, lines);
    var second = EmbeddedPostgres.start(dir, Progress.SILENT);
    assertThat(number(second, "select 1")).isEqualTo(1);
  }

  @Test
  void startsAfreshOverAHalfWrittenFolder() throws IOException, SQLException {
    var cutOff = Files.createDirectories(dir.resolve("data.unfinished-1"));
    Files.writeString(cutOff.resolve("PG_VERSION"), "18\n");
    var postgres = EmbeddedPostgres.start(dir, Progress.SILENT);
    assertThat(cutOff).doesNotExist();
    assertThat(number(postgres, "select 1")).isEqualTo(1);
  }

  @Test
  void saysWhatIsMissingInADamagedFolder() throws IOException {
    Files.createDirectories(dir.resolve("data"));
    assertThatThrownBy(() -> EmbeddedPostgres.start(dir, Progress.SILENT))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("HOME_DAMAGED: ")
        .hasMessageContaining("PG_VERSION is missing");
  }

  @Test
  void refusesDataOfAnotherVersion() throws IOException {
    Files.createDirectories(dir.resolve("data"));
    Files.writeString(dir.resolve("data/PG_VERSION"), "12\n");
    Files.writeString(dir.resolve("password"), "secret\n");
    assertThatThrownBy(() -> EmbeddedPostgres.start(dir, Progress.SILENT))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("written by PostgreSQL 12");
  }

  @Test
  void takesAnotherPortWhenItsOwnIsTaken() throws IOException, SQLException {
    var first = EmbeddedPostgres.start(dir, Progress.SILENT);
    first.stop();
    try (var squatter = new ServerSocket(first.port(), 1, InetAddress.getLoopbackAddress())) {
      var second = EmbeddedPostgres.start(dir, Progress.SILENT);
      assertThat(second.port()).isNotEqualTo(squatter.getLocalPort());
      assertThat(number(second, "select 1")).isEqualTo(1);
    }
  }

  static void kill(long pid) {
    var process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    assertThat(Processes.ended(process, Duration.ofSeconds(10))).isTrue();
  }

  private static Connection connect(EmbeddedPostgres postgres) throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (var connection = connect(postgres);
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int number(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (var connection = connect(postgres);
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getInt(1);
    }
  }
}

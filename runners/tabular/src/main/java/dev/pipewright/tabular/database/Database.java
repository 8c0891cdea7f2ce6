package dev.pipewright.tabular.database;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.regex.Pattern;

/// The database that a task was told of, by its input `url` or by its environment:
///
/// - `DATABASE_URL`: `postgresql://user:password@host:port/name` or any address of JDBC's; as a
///   rule a secret
/// - `DATABASE_USER` and `DATABASE_PASSWORD`, where the address has neither
/// - `DATABASE_DRIVER`: jars of another database's driver, as a class path; PostgreSQL's is there
final class Database implements AutoCloseable {
  private static final String URL = "DATABASE_URL";
  private static final String CONNECT_SECONDS = "15";

  private final Address address;
  private final Connection connection;
  private final URLClassLoader drivers;

  /// @param url of JDBC's, without user and password
  record Address(String url, Properties properties) {
    private static final String JDBC = "jdbc:";
    private static final Pattern END = Pattern.compile("[?;]|:\\w+=");

    /// @throws ProblemException INPUT_INVALID
    static Address of(String given) {
      var properties = new Properties();
      if (given.startsWith(JDBC)) {
        return new Address(given, properties);
      }
      URI uri;
      try {
        uri = URI.create(given);
      } catch (IllegalArgumentException _) {
        throw unusable();
      }
      if (!List.of("postgresql", "postgres").contains(uri.getScheme()) || uri.getHost() == null) {
        throw unusable();
      }
      var who = uri.getRawUserInfo();
      if (who != null) {
        int colon = who.indexOf(':');
        properties.setProperty("user", decoded(colon < 0 ? who : who.substring(0, colon)));
        if (colon >= 0) {
          properties.setProperty("password", decoded(who.substring(colon + 1)));
        }
      }
      return new Address(
          "jdbc:postgresql://%s%s%s%s"
              .formatted(
                  uri.getHost(),
                  uri.getPort() < 0 ? "" : ":" + uri.getPort(),
                  uri.getRawPath(),
                  uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()),
          properties);
    }

    /// For people, without what may be a user or a password: it stands before an `@` or behind what
    /// ends the address. Where an `@` is behind that, it may be either.
    String shown() {
      var driver = url.substring(0, url.indexOf(':', JDBC.length()) + 1);
      var end = END.matcher(url);
      int to = end.find() ? end.start() : url.length();
      int at = url.lastIndexOf('@');
      if (at < 0) {
        return url.substring(0, to);
      }
      return at < to ? driver + "…" + url.substring(at, to) : driver + "…";
    }

    private static String decoded(String part) {
      return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static ProblemException unusable() {
      // Not shown: it may hold a password.
      return new ProblemException(
          ProblemCode.INPUT_INVALID,
          "the database's address is neither postgresql://… nor jdbc:…",
          "Write it as postgresql://user:password@host:5432/name, or as its driver's documentation says.");
    }
  }

  private Database(Address address, Connection connection, URLClassLoader drivers) {
    this.address = address;
    this.connection = connection;
    this.drivers = drivers;
  }

  /// @throws ProblemException INPUT_MISSING, INPUT_INVALID, LIBRARY_MISSING or DATABASE_UNREACHABLE
  static Database of(TaskContext context) throws IOException {
    var given =
        context
            .text("url")
            .or(() -> context.variable(URL))
            .orElseThrow(() ->
                new ProblemException(
                    ProblemCode.INPUT_MISSING,
                    "the task is told of no database",
                    "Give it `env: { DATABASE_URL: { secret: WAREHOUSE_URL } }`, or the input 'url'."));
    var address = Address.of(given);
    var properties = address.properties();
    properties.setProperty("connectTimeout", CONNECT_SECONDS);
    // One statement for many rows.
    properties.setProperty("reWriteBatchedInserts", "true");
    properties.setProperty("ApplicationName", "pipewright");
    context.variable("DATABASE_USER").ifPresent(user -> properties.setProperty("user", user));
    context
        .variable("DATABASE_PASSWORD")
        .ifPresent(password -> properties.setProperty("password", password));
    var drivers = drivers(context.variable("DATABASE_DRIVER").orElse(""));
    try {
      return new Database(address, connect(address, drivers), drivers);
    } catch (RuntimeException e) {
      drivers.close();
      throw e;
    }
  }

  private static URLClassLoader drivers(String path) throws MalformedURLException {
    var jars = new ArrayList<URL>();
    for (var jar : path.split(File.pathSeparator, -1)) {
      if (!jar.isBlank()) {
        jars.add(Path.of(jar.strip()).toUri().toURL());
      }
    }
    return new URLClassLoader(jars.toArray(URL[]::new), Database.class.getClassLoader());
  }

  /// Asks the drivers itself: Java's own list leaves out those of other class loaders.
  private static Connection connect(Address address, ClassLoader drivers) {
    try {
      for (var driver : ServiceLoader.load(Driver.class, drivers)) {
        if (driver.acceptsURL(address.url())) {
          var connection = driver.connect(address.url(), address.properties());
          if (connection != null) {
            return connection;
          }
        }
      }
    } catch (SQLException e) {
      throw caused(
          e,
          new ProblemException(
              ProblemCode.DATABASE_UNREACHABLE,
              "%s does not let us in: %s".formatted(address.shown(), e.getMessage()),
              "Check the address, the user and the password, and that the database runs."));
    }
    throw new ProblemException(
        ProblemCode.LIBRARY_MISSING,
        "there is no driver for " + address.shown(),
        "Name the driver's jar: `env: { DATABASE_DRIVER: /path/to/driver.jar }`.");
  }

  Connection connection() {
    return connection;
  }

  /// Its address, without a password.
  String shown() {
    return address.shown();
  }

  /// @param what was asked of it, as in "the query"
  ProblemException refused(String what, SQLException e) {
    // A batch's own message only says that there is a next one.
    var said = e.getNextException() == null ? e : e.getNextException();
    return caused(
        e,
        new ProblemException(
            ProblemCode.DATABASE_REFUSED,
            "%s does not do %s: %s (SQL state %s)"
                .formatted(shown(), what, said.getMessage(), said.getSQLState()),
            "Correct it; nothing was changed."));
  }

  private static ProblemException caused(SQLException by, ProblemException problem) {
    problem.initCause(by);
    return problem;
  }

  /// @throws SQLException when even that fails
  @Override
  public void close() throws SQLException, IOException {
    try (drivers) {
      connection.close();
    }
  }
}

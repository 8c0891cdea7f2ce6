package dev.pipewright.server;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.HomeFolder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The settings, all of them environment variables that start with `PIPEWRIGHT_`.
///
/// @param port 0 chooses a free one
/// @param database empty for the embedded one
/// @param kafkaBootstrap empty for the embedded broker
/// @param lib the folder with what the server starts: `kafka` and `runner`
record Settings(
    HomeFolder home,
    InetAddress host,
    int port,
    Optional<Database> database,
    Optional<String> kafkaBootstrap,
    Path lib) {

  /// @param url `jdbc:postgresql://…`
  record Database(String url, String user, String password) {}

  /// @throws ProblemException SETTING_INVALID or HOST_NOT_LOOPBACK
  static Settings from(Map<String, String> environment, Path defaultLib) {
    checkBlobs(environment);
    checkRetention(environment);
    return new Settings(
        home(environment),
        host(environment),
        port(environment),
        database(environment),
        bootstrap(environment),
        get(environment, "PIPEWRIGHT_LIB").map(Path::of).orElse(defaultLib).toAbsolutePath());
  }

  /// The address under which a browser on this machine finds the server.
  String url(int boundPort) {
    var address = host.getHostAddress();
    return "http://%s:%d"
        .formatted(address.contains(":") ? "[" + address + "]" : address, boundPort);
  }

  private static HomeFolder home(Map<String, String> environment) {
    try {
      return HomeFolder.from(environment);
    } catch (InvalidPathException e) {
      throw invalid(environment, "PIPEWRIGHT_HOME", "is not a path: " + e.getReason());
    }
  }

  private static InetAddress host(Map<String, String> environment) {
    var host = get(environment, "PIPEWRIGHT_HOST").orElse("127.0.0.1");
    try {
      var addresses = List.of(InetAddress.getAllByName(host));
      if (!addresses.stream().allMatch(InetAddress::isLoopbackAddress)) {
        throw new ProblemException(
            ProblemCode.HOST_NOT_LOOPBACK,
            "PIPEWRIGHT_HOST=%s is reachable from outside of this machine, and there is no"
                    .formatted(host)
                + " authentication yet.");
      }
      return addresses.getFirst();
    } catch (UnknownHostException e) {
      throw invalid(environment, "PIPEWRIGHT_HOST", "is not an address or the name of a host");
    }
  }

  private static int port(Map<String, String> environment) {
    var port = get(environment, "PIPEWRIGHT_PORT").orElse("8080");
    if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
      throw invalid(environment, "PIPEWRIGHT_PORT", "is not a number from 0 to 65535");
    }
    return Integer.parseInt(port);
  }

  private static Optional<Database> database(Map<String, String> environment) {
    var url = get(environment, "PIPEWRIGHT_DATABASE_URL");
    if (url.isEmpty()) {
      for (var alone : List.of("PIPEWRIGHT_DATABASE_USER", "PIPEWRIGHT_DATABASE_PASSWORD")) {
        if (get(environment, alone).isPresent()) {
          throw new ProblemException(
              ProblemCode.SETTING_INVALID,
              alone + " is set, but PIPEWRIGHT_DATABASE_URL is not.",
              "Set PIPEWRIGHT_DATABASE_URL too, or unset " + alone + ".");
        }
      }
      return Optional.empty();
    }
    if (!url.get().startsWith("jdbc:postgresql:")) {
      throw new ProblemException(
          ProblemCode.SETTING_INVALID,
          // Not the value itself: it may hold a password.
          "PIPEWRIGHT_DATABASE_URL does not start with jdbc:postgresql: (PostgreSQL is the only"
              + " database).",
          "Write it as jdbc:postgresql://host:5432/database.");
    }
    return Optional.of(
        new Database(
            url.get(),
            get(environment, "PIPEWRIGHT_DATABASE_USER").orElse(""),
            get(environment, "PIPEWRIGHT_DATABASE_PASSWORD").orElse("")));
  }

  private static Optional<String> bootstrap(Map<String, String> environment) {
    var bootstrap = get(environment, "PIPEWRIGHT_KAFKA_BOOTSTRAP");
    if (bootstrap.isPresent()
        && !bootstrap.get().matches("[^\\s,:]+:[0-9]{1,5}(,[^\\s,:]+:[0-9]{1,5})*")) {
      throw invalid(
          environment,
          "PIPEWRIGHT_KAFKA_BOOTSTRAP",
          "is not of the form host:port or host:port,host:port");
    }
    return bootstrap;
  }

  /// The server reads these by itself; a mistake in them is told before anything starts.
  private static void checkBlobs(Map<String, String> environment) {
    var store = get(environment, "PIPEWRIGHT_BLOBS_STORE").orElse("local");
    if (!store.equals("local") && !store.equals("s3")) {
      throw invalid(environment, "PIPEWRIGHT_BLOBS_STORE", "is neither local nor s3");
    }
    if (store.equals("s3") && get(environment, "PIPEWRIGHT_BLOBS_BUCKET").isEmpty()) {
      throw new ProblemException(
          ProblemCode.SETTING_INVALID,
          "PIPEWRIGHT_BLOBS_STORE=s3, but PIPEWRIGHT_BLOBS_BUCKET is not set.",
          "Set PIPEWRIGHT_BLOBS_BUCKET to the name of a bucket, or unset PIPEWRIGHT_BLOBS_STORE.");
    }
    if (store.equals("local") && get(environment, "PIPEWRIGHT_BLOBS_BUCKET").isPresent()) {
      throw new ProblemException(
          ProblemCode.SETTING_INVALID,
          "PIPEWRIGHT_BLOBS_BUCKET is set, but PIPEWRIGHT_BLOBS_STORE is not s3.",
          "Set PIPEWRIGHT_BLOBS_STORE=s3 too, or unset PIPEWRIGHT_BLOBS_BUCKET.");
    }
    var endpoint = get(environment, "PIPEWRIGHT_BLOBS_ENDPOINT");
    if (endpoint.isPresent() && !endpoint.get().matches("https?://[^\\s/]+/?")) {
      throw invalid(
          environment, "PIPEWRIGHT_BLOBS_ENDPOINT", "is not of the form https://host:port");
    }
    var pathStyle = get(environment, "PIPEWRIGHT_BLOBS_PATH_STYLE");
    if (pathStyle.isPresent() && !pathStyle.get().matches("true|false")) {
      throw invalid(environment, "PIPEWRIGHT_BLOBS_PATH_STYLE", "is neither true nor false");
    }
    var grace = get(environment, "PIPEWRIGHT_BLOBS_GRACE");
    if (grace.isPresent() && !grace.get().matches("[0-9]{1,5}[smhd]")) {
      throw invalid(environment, "PIPEWRIGHT_BLOBS_GRACE", "is not a time such as 24h, 90m or 7d");
    }
  }

  private static void checkRetention(Map<String, String> environment) {
    var name = "PIPEWRIGHT_RETENTION_RUNS_OLDER_THAN";
    var age = get(environment, name);
    if (age.isPresent() && !age.get().matches("[1-9][0-9]{0,4}[smhd]")) {
      throw invalid(environment, name, "is not a time such as 90d or 12h");
    }
  }

  private static Optional<String> get(Map<String, String> environment, String name) {
    @Nullable String value = environment.get(name);
    return value == null || value.isBlank() ? Optional.empty() : Optional.of(value.strip());
  }

  private static ProblemException invalid(
      Map<String, String> environment, String name, String what) {
    return new ProblemException(
        ProblemCode.SETTING_INVALID,
        "%s=%s %s.".formatted(name, environment.get(name), what),
        "Correct " + name + ", or unset it for the default.");
  }
}

package dev.pipewright.server;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.StartupStep.Phase;
import dev.pipewright.contract.home.StartupStep.State;
import dev.pipewright.embedded.EmbeddedKafka;
import dev.pipewright.embedded.EmbeddedPostgres;
import dev.pipewright.embedded.EmbeddedProcess;
import dev.pipewright.embedded.Progress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/// The database and the broker: ours, brought up side by side, or somebody else's, which only have
/// to answer.
final class Backends {
  private static final int ANSWER_SECONDS = 10;

  private final CompletableFuture<Database> database;
  private final CompletableFuture<Broker> broker;

  /// @param process empty when it is not ours
  record Database(Settings.Database address, Optional<EmbeddedPostgres> process) {}

  record Broker(String bootstrap, Optional<EmbeddedKafka> process) {}

  private Backends(CompletableFuture<Database> database, CompletableFuture<Broker> broker) {
    this.database = database;
    this.broker = broker;
  }

  /// Begins to bring both up.
  static Backends starting(Settings settings, Home home) {
    return new Backends(
        phase(home, Phase.POSTGRES, progress -> database(settings, home, progress)),
        phase(home, Phase.KAFKA, progress -> broker(settings, home, progress)));
  }

  /// @throws ProblemException when the database does not come up
  Database database() {
    return joined(database);
  }

  /// @throws ProblemException when the broker does not come up
  Broker broker() {
    return joined(broker);
  }

  List<EmbeddedProcess> processes() {
    var processes = new ArrayList<EmbeddedProcess>();
    database().process().ifPresent(processes::add);
    broker().process().ifPresent(processes::add);
    return processes;
  }

  /// Stops what is ours and came up, or is still coming up, side by side.
  void stop() {
    var stops =
        List.of(
            stopping(database.thenApply(Database::process)),
            stopping(broker.thenApply(Broker::process)));
    stops.forEach(CompletableFuture::join);
  }

  private static CompletableFuture<Void> stopping(
      CompletableFuture<? extends Optional<? extends EmbeddedProcess>> process) {
    return onThread(
        "stop",
        () -> {
          try {
            process.get(8, TimeUnit.SECONDS).ifPresent(EmbeddedProcess::stop);
          } catch (ExecutionException | TimeoutException e) {
            // It never came up, and why has been reported; or it is so slow in coming up that the
            // next start has to adopt it.
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return null;
        });
  }

  private static <T> CompletableFuture<T> phase(
      Home home, Phase phase, Function<Progress, T> start) {
    home.report(phase, State.STARTING, null);
    return onThread(
        phase.name(),
        () -> {
          try {
            var started = start.apply(message -> home.report(phase, State.STARTING, message));
            home.report(phase, State.READY, null);
            return started;
          } catch (ProblemException e) {
            home.report(phase, State.FAILED, e.getMessage());
            throw e;
          }
        });
  }

  /// A daemon thread each: a failure of one must not have to wait for the other to come up.
  private static <T> CompletableFuture<T> onThread(String name, Supplier<T> work) {
    var result = new CompletableFuture<T>();
    Thread.ofPlatform()
        .daemon()
        .name("backends-" + name)
        .start(() -> {
          try {
            result.complete(work.get());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private static <T> T joined(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof ProblemException problem) {
        throw problem;
      }
      throw e;
    }
  }

  private static Database database(Settings settings, Home home, Progress progress) {
    if (settings.database().isPresent()) {
      var external = settings.database().get();
      progress.report("asking the database at PIPEWRIGHT_DATABASE_URL");
      requireAnswer(external);
      return new Database(external, Optional.empty());
    }
    var postgres = EmbeddedPostgres.start(home.folder().postgres(), progress);
    Warehouse.prepare(postgres, home.folder());
    return new Database(
        new Settings.Database(postgres.jdbcUrl(), postgres.user(), postgres.password()),
        Optional.of(postgres));
  }

  private static void requireAnswer(Settings.Database external) {
    var properties = new Properties();
    properties.setProperty("connectTimeout", Integer.toString(ANSWER_SECONDS));
    properties.setProperty("loginTimeout", Integer.toString(ANSWER_SECONDS));
    if (!external.user().isEmpty()) {
      properties.setProperty("user", external.user());
      properties.setProperty("password", external.password());
    }
    try (var connection = DriverManager.getConnection(external.url(), properties)) {
      int version = connection.getMetaData().getDatabaseMajorVersion();
      if (version < 16) {
        throw new ProblemException(
            ProblemCode.POSTGRES_FAILED,
            "The database at PIPEWRIGHT_DATABASE_URL is PostgreSQL %d; 16 or newer is needed."
                .formatted(version),
            "Give a newer one, or unset PIPEWRIGHT_DATABASE_URL for the embedded one.");
      }
    } catch (SQLException e) {
      throw new ProblemException(
          ProblemCode.POSTGRES_FAILED,
          "The database at PIPEWRIGHT_DATABASE_URL does not let us in: " + e.getMessage(),
          "Correct PIPEWRIGHT_DATABASE_URL, _USER and _PASSWORD, or unset them for the embedded"
              + " one.");
    }
  }

  private static Broker broker(Settings settings, Home home, Progress progress) {
    if (settings.kafkaBootstrap().isPresent()) {
      var external = settings.kafkaBootstrap().get();
      progress.report("asking the broker at PIPEWRIGHT_KAFKA_BOOTSTRAP");
      requireAnswer(external);
      return new Broker(external, Optional.empty());
    }
    var kafka =
        EmbeddedKafka.start(home.folder().kafka(), settings.lib().resolve("kafka"), progress);
    return new Broker(kafka.bootstrap(), Optional.of(kafka));
  }

  private static void requireAnswer(String bootstrap) {
    IOException last = null;
    for (var address : List.of(bootstrap.split(",", -1))) {
      int colon = address.lastIndexOf(':');
      var host = address.substring(0, colon);
      try (var socket = new Socket()) {
        socket.connect(
            new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1))),
            ANSWER_SECONDS * 1000);
        return;
      } catch (IOException e) {
        last = e;
      }
    }
    throw new ProblemException(
        ProblemCode.KAFKA_FAILED,
        "No broker answers at PIPEWRIGHT_KAFKA_BOOTSTRAP=%s: %s."
            .formatted(bootstrap, last == null ? "no address" : last),
        "Start it, or unset PIPEWRIGHT_KAFKA_BOOTSTRAP for the embedded one.");
  }
}

package dev.pipewright.runner;

import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The runner, in one of two ways: `java … dev.pipewright.runner.Main worker <home folder> <build>`
/// is the worker of a server, see [Worker]; `java … dev.pipewright.runner.Main <attempt folder>`
/// runs a single attempt, which then has the process for itself.
///
/// However often the latter is started for one attempt, the work begins at most once: whoever holds
/// the lock and finds no spool, begins it. Whoever finds one delivers what the one before left in
/// it and, if that does not say how the work ended, reports that it was lost.
public final class Main {
  /// Beside the attempt's own time to stop.
  private static final Duration GRACE = Duration.ofSeconds(2);

  /// Another runner of the attempt is there.
  static final int EXIT_DUPLICATE = 75;

  /// The work is over, but not everything could be delivered yet; start the runner again for the
  /// rest.
  private static final int EXIT_UNDELIVERED = 76;

  private static final Duration DELIVERY = Duration.ofSeconds(30);

  private static final AtomicReference<@Nullable Shipper> SHIPPER = new AtomicReference<>();

  /// Held here, for the logging system itself forgets a logger nobody holds, and its level with it.
  private static final Logger KAFKA = Logger.getLogger("org.apache.kafka");

  private Main() {}

  public static void main(String[] args) throws Exception {
    // While its broker is away it would say so several times a second; the server's log says it.
    KAFKA.setLevel(Level.SEVERE);
    // Made now, the handlers write to the runner's own log and not to a task's.
    Logger.getLogger("").getHandlers();
    TaskOutput.install();
    if (args[0].equals("worker")) {
      Worker.main(Path.of(args[1]), args[2]);
    } else {
      alone(new AttemptFolder(Path.of(args[0])));
    }
  }

  private static void alone(AttemptFolder folder) throws Exception {
    // Never closed: the lock is to last until the process ends.
    var channel =
        FileChannel.open(folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!lock(channel)) {
      System.err.println("another runner of this attempt is there");
      System.exit(EXIT_DUPLICATE);
    }
    writePid(channel);
    var launch = folder.launch();
    var tracker = new Tracker(launch.trackerUrl());
    boolean first = !Files.exists(folder.spool());
    if (!first) {
      ProcessTree.killRemembered(launch.attemptId(), folder.command());
    }
    Files.createDirectories(folder.temporary());
    System.setProperty("java.io.tmpdir", folder.temporary().toString());
    var surroundings = Surroundings.start(Cgroups.none("the process has its own limit"));
    try (var spool = Spool.open(folder.spool());
        var producers = new Producers()) {
      var producer = producers.to(launch.kafkaBootstrap());
      var shipper =
          new Shipper(
              spool,
              folder.acked(),
              new Shipper.Outlets(
                  producer,
                  tracker,
                  Reports.over(producer),
                  surroundings.threads(),
                  surroundings.tellers()),
              () -> {});
      SHIPPER.set(shipper);
      var reports = Reports.over(producer);
      Timers.everyAside(
          surroundings.timer(),
          surroundings.threads(),
          Worker.BEAT_MILLIS,
          () -> reports.send(EventLog.alive(launch, Clock.systemUTC().instant()), stored -> {}));
      spool.onAppend(shipper::wake);
      if (first) {
        work(
            folder,
            launch,
            new EventLog(spool, launch, Clock.systemUTC(), 0),
            tracker,
            surroundings);
      } else {
        Recovery.endLost(spool, launch);
      }
      leave(folder);
    }
  }

  /// A launcher that looks whether anyone holds the lock holds it for a moment itself.
  static boolean lock(FileChannel channel) throws IOException, InterruptedException {
    for (int i = 0; i < 20; i++) {
      if (channel.tryLock() != null) {
        return true;
      }
      Thread.sleep(50);
    }
    return false;
  }

  /// Of this process alone, which the launcher gave them to by the names of their variables.
  private static Map<String, String> secrets(TaskLaunch launch) {
    var secrets = new HashMap<String, String>();
    launch
        .secrets()
        .forEach((variable, name) -> {
          var value = System.getenv(variable);
          if (value != null) {
            secrets.put(name, value);
          }
        });
    return secrets;
  }

  private static void work(
      AttemptFolder folder,
      TaskLaunch launch,
      EventLog events,
      Tracker tracker,
      Surroundings surroundings) {
    var attempt = new Attempt(folder, launch, events, tracker, surroundings, secrets(launch));
    var over = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("stop")
                .unstarted(() -> {
                  if (over.getCount() > 0) {
                    attempt.cancel();
                    awaitEnd(over, GRACE.plusMillis(launch.graceMillis()));
                    attempt.giveUp();
                    leave(folder);
                  }
                }));
    attempt.run();
    over.countDown();
  }

  private static void awaitEnd(CountDownLatch over, Duration grace) {
    try {
      boolean ended = over.await(grace.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        System.err.println("the work did not stop within " + grace.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Delivers what is left, then ends the process, whichever thread comes first.
  static synchronized void leave(AttemptFolder folder) {
    try {
      var shipper = SHIPPER.get();
      boolean delivered = shipper != null && shipper.awaitDelivery(DELIVERY);
      if (delivered) {
        Files.writeString(folder.done(), "");
      }
      Runtime.getRuntime().halt(delivered ? 0 : EXIT_UNDELIVERED);
    } catch (IOException | InterruptedException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(EXIT_UNDELIVERED);
    }
  }

  static void writePid(FileChannel channel) throws IOException {
    channel.truncate(0);
    channel.write(
        ByteBuffer.wrap(
            String.valueOf(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
  }
}

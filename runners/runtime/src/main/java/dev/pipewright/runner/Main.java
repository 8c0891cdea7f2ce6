package dev.pipewright.runner;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.Outcome;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.contract.tracking.v1.RunFinished;
import dev.pipewright.contract.tracking.v1.RunStatus;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The runner: `java … dev.pipewright.runner.Main <attempt folder>`.
///
/// However often it is started for one attempt, the work begins at most once: whoever holds the
/// lock and finds no mark that it was begun, begins it. Whoever finds the mark delivers what the
/// one before left in the spool and, if that does not say how the work ended, reports that it was
/// lost.
public final class Main {
  static final Duration GRACE = Duration.ofSeconds(12);

  /// Another runner of the attempt is there.
  private static final int EXIT_DUPLICATE = 75;

  /// The work is over, but not everything could be delivered yet; start the runner again for the
  /// rest.
  private static final int EXIT_UNDELIVERED = 76;

  private static final Duration DELIVERY = Duration.ofSeconds(30);

  private static final AtomicReference<@Nullable Shipper> SHIPPER = new AtomicReference<>();

  /// Held here, for the logging system itself forgets a logger nobody holds, and its level with it.
  private static final Logger KAFKA = Logger.getLogger("org.apache.kafka");

  private Main() {}

  public static void main(String[] args) throws Exception {
    KAFKA.setLevel(Level.WARNING);
    // Made now, the handlers write to the runner's own log and not to the task's, which takes
    // System.err over later.
    Logger.getLogger("").getHandlers();
    var folder = new AttemptFolder(Path.of(args[0]));
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
    boolean first = begin(folder);
    if (!first) {
      ProcessTree.killRemembered(folder.command());
    }
    folder.createFolders();
    System.setProperty("java.io.tmpdir", folder.temporary().toString());
    try (var spool = Spool.open(folder.spool())) {
      var shipper = Shipper.start(spool, folder.acked(), launch.kafkaBootstrap(), tracker);
      SHIPPER.set(shipper);
      if (first) {
        work(folder, launch, new EventLog(spool, launch, Clock.systemUTC(), 0), tracker);
      } else {
        recover(spool, launch);
      }
      leave(folder);
    }
  }

  /// A launcher that looks whether anyone holds the lock holds it for a moment itself.
  private static boolean lock(FileChannel channel) throws IOException, InterruptedException {
    for (int i = 0; i < 20; i++) {
      if (channel.tryLock() != null) {
        return true;
      }
      Thread.sleep(50);
    }
    return false;
  }

  private static void work(
      AttemptFolder folder, TaskLaunch launch, EventLog events, Tracker tracker) {
    var attempt = new Attempt(folder, launch, events, tracker);
    var over = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("stop")
                .unstarted(() -> {
                  if (over.getCount() > 0) {
                    attempt.cancel();
                    awaitEnd(over);
                    attempt.giveUp();
                    leave(folder);
                  }
                }));
    attempt.run();
    over.countDown();
  }

  private static void awaitEnd(CountDownLatch over) {
    try {
      boolean ended = over.await(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        System.err.println("the work did not stop within " + GRACE.toSeconds() + " s");
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

  /// What a runner that died left unsaid.
  private static void recover(Spool spool, TaskLaunch launch) throws IOException {
    long lastSeq = 0;
    boolean ended = false;
    long position = 0;
    boolean runEnded = false;
    for (var next = spool.read(0); next != null; next = spool.read(position)) {
      switch (next.entry()) {
        case Spool.Entry.Event(var event) -> {
          lastSeq = event.getSeq();
          runEnded |= event.hasRunFinished();
        }
        case Spool.Entry.Report(var report) -> ended |= report.hasFinished();
        case Spool.Entry.Upload upload -> {}
      }
      position = next.end();
    }
    if (ended) {
      return;
    }
    var events = new EventLog(spool, launch, Clock.systemUTC(), lastSeq);
    var why = "the task's process was killed or crashed";
    if (!runEnded) {
      events.tell(
          RunEvent.newBuilder()
              .setRunFinished(
                  RunFinished.newBuilder()
                      .setStatus(RunStatus.RUN_STATUS_FAILED)
                      .setMessage(ProblemCode.TASK_LOST.name() + ": " + why)));
    }
    events.reportFinished(
        TaskFinished.newBuilder()
            .setOutcome(Outcome.OUTCOME_SYSTEM_FAILURE)
            .setExitCode(137)
            .setCode(ProblemCode.TASK_LOST.name())
            .setMessage(why)
            .build());
  }

  /// @return whether the work is ours to begin
  private static boolean begin(AttemptFolder folder) throws IOException {
    if (Files.exists(folder.started())) {
      return false;
    }
    Files.writeString(folder.started(), "");
    return true;
  }

  private static void writePid(FileChannel channel) throws IOException {
    channel.truncate(0);
    channel.write(
        ByteBuffer.wrap(
            String.valueOf(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
  }
}

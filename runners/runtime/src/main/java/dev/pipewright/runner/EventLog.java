package dev.pipewright.runner;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.TaskAlive;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tasks.v1.TaskStarted;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Numbers what an attempt has to say and writes it to the spool.
final class EventLog {
  /// A little less than what the topic takes.
  private static final int LARGEST = 7 * 1024 * 1024;

  private static final long ALIVE = 0;
  private static final long STARTED = 1;
  static final long FINISHED = 2;

  private final Spool spool;
  private final TaskLaunch launch;
  private final Clock clock;
  private long seq;
  private @Nullable Runnable opening;
  private boolean ended;

  /// @param lastSeq the highest number that the spool holds already
  EventLog(Spool spool, TaskLaunch launch, Clock clock, long lastSeq) {
    this.spool = spool;
    this.launch = launch;
    this.clock = clock;
    this.seq = lastSeq;
  }

  /// Has something done before the first event, should there ever be one.
  synchronized void before(Runnable opening) {
    this.opening = opening;
  }

  /// Whether any event was told.
  synchronized boolean hasTold() {
    return seq > 0;
  }

  /// What is told after the end, by a thread that was left to itself, is nobody's.
  synchronized void tell(RunEvent.Builder event) {
    if (ended) {
      return;
    }
    var first = opening;
    if (first != null) {
      opening = null;
      first.run();
    }
    var told =
        event
            .setRunId(launch.trackedRunId())
            .setSource(launch.attemptId())
            .setSeq(seq + 1)
            .setAt(timestamp(clock.instant()))
            .build();
    if (told.getSerializedSize() > LARGEST) {
      System.err.printf(
          "%s is left out: at %d bytes it is too large to deliver%n",
          told.getEventCase(), told.getSerializedSize());
      return;
    }
    seq++;
    spool.append(new Spool.Entry.Event(told));
  }

  /// Has the attempt's folder made, for what is to be put there.
  void settle() {
    spool.settle();
  }

  void upload(String digest, String file) {
    spool.append(new Spool.Entry.Upload(digest, file));
  }

  void reportStarted(TaskStarted started) {
    spool.append(new Spool.Entry.Report(report(STARTED).setStarted(started).build()));
  }

  /// @param durable whether it is worth the wait that it survives a power cut; otherwise the
  ///   attempt counts as lost then
  synchronized void reportFinished(TaskFinished finished, boolean durable) {
    ended = true;
    spool.append(new Spool.Entry.Report(report(FINISHED).setFinished(finished).build()));
    if (durable) {
      spool.force();
    }
  }

  /// Text as PostgreSQL can keep it.
  static String clean(String text) {
    return text.replace('\0', '\uFFFD');
  }

  long nowMillis() {
    return clock.millis();
  }

  private TaskReport.Builder report(long number) {
    return report(launch, number, clock.instant());
  }

  /// Says that an attempt is in the hands of this process.
  static TaskReport alive(TaskLaunch launch, Instant at) {
    return report(launch, ALIVE, at)
        .setAlive(
            TaskAlive.newBuilder().setHost(Attempt.HOST).setPid(ProcessHandle.current().pid()))
        .build();
  }

  static TaskReport.Builder report(TaskLaunch launch, long number, Instant at) {
    return TaskReport.newBuilder()
        .setPipelineRunId(launch.pipelineRunId())
        .setTask(launch.task())
        .setAttemptId(launch.attemptId())
        .setSeq(number)
        .setAt(timestamp(at));
  }

  private static Timestamp timestamp(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }
}

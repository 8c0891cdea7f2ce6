package dev.pipewright.runner;

import dev.pipewright.contract.task.MessageLine;
import dev.pipewright.contract.tasks.v1.Gone;
import dev.pipewright.contract.tasks.v1.ServerMessage;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tasks.v1.WorkerMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The worker's side of the line to its server. A report goes out at once and counts as delivered
/// when the server has committed what came of it. While there is no server, or it does not get
/// round to it, reports go over Kafka instead; one that goes both ways is known by its number.
final class ServerLine implements Reports {
  private static final long LOOK_MILLIS = 500;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /// A server that commits other reports will come to this one too.
  private static final long MOST_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Supplier<@Nullable Reports> otherWay;
  private final Map<Key, Pending> pending = new LinkedHashMap<>();
  private @Nullable MessageLine<ServerMessage, WorkerMessage> line;
  private long lastStored;

  private record Key(String attempt, long seq) {}

  private static final class Pending {
    final TaskReport report;
    final Consumer<Boolean> delivered;
    final long since = System.nanoTime();
    boolean otherWay;

    Pending(TaskReport report, Consumer<Boolean> delivered) {
      this.report = report;
      this.delivered = delivered;
    }
  }

  /// @param otherWay for what the server does not take; null while there is none
  ServerLine(
      ScheduledExecutorService timer, Executor threads, Supplier<@Nullable Reports> otherWay) {
    this.otherWay = otherWay;
    Timers.everyAside(timer, threads, LOOK_MILLIS, this::look);
  }

  /// From now on, this is the line to the server.
  synchronized void use(MessageLine<ServerMessage, WorkerMessage> next) {
    if (line != null) {
      line.close();
    }
    line = next;
    pending.values().forEach(each -> next.send(message(each.report)));
  }

  synchronized void ended(MessageLine<ServerMessage, WorkerMessage> old) {
    if (old.equals(line)) {
      line = null;
    }
  }

  synchronized boolean isConnected() {
    return line != null;
  }

  @Override
  public synchronized void send(TaskReport report, Consumer<Boolean> delivered) {
    pending.put(new Key(report.getAttemptId(), report.getSeq()), new Pending(report, delivered));
    if (line != null) {
      line.send(message(report));
    }
  }

  /// What came of a report is committed.
  void stored(String attempt, long seq) {
    Pending done;
    synchronized (this) {
      lastStored = System.nanoTime();
      done = pending.remove(new Key(attempt, seq));
    }
    if (done != null) {
      done.delivered.accept(true);
    }
  }

  /// Says that it is still at these attempts; nobody confirms it.
  void alive(List<TaskReport> beats) {
    synchronized (this) {
      if (line != null) {
        beats.forEach(each -> Objects.requireNonNull(line).send(message(each)));
        return;
      }
    }
    var other = otherWay.get();
    if (other != null) {
      beats.forEach(each -> other.send(each, stored -> {}));
    }
  }

  synchronized void gone(String attempt) {
    if (line != null) {
      line.send(
          WorkerMessage.newBuilder().setGone(Gone.newBuilder().setAttemptId(attempt)).build());
    }
  }

  private static WorkerMessage message(TaskReport report) {
    return WorkerMessage.newBuilder().setReport(report).build();
  }

  private void look() {
    var other = otherWay.get();
    if (other == null) {
      return;
    }
    var late = new ArrayList<Map.Entry<Key, Pending>>();
    synchronized (this) {
      long now = System.nanoTime();
      boolean atWork = line != null && now - lastStored < PATIENCE_NANOS;
      long patience = atWork ? MOST_PATIENCE_NANOS : PATIENCE_NANOS / (line == null ? 2 : 1);
      for (var each : pending.entrySet()) {
        if (!each.getValue().otherWay && now - each.getValue().since > patience) {
          each.getValue().otherWay = true;
          late.add(Map.entry(each.getKey(), each.getValue()));
        }
      }
    }
    for (var each : late) {
      other.send(
          each.getValue().report,
          stored -> {
            synchronized (this) {
              if (!pending.remove(each.getKey(), each.getValue())) {
                return;
              }
            }
            each.getValue().delivered.accept(false);
          });
    }
  }
}

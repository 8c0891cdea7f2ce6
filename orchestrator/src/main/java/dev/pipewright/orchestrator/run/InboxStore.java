package dev.pipewright.orchestrator.run;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.platform.Columns;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/// What happened to runs that nobody is deciding on: it waits here until a step takes it in, so
/// whoever tells a run something never waits for it.
@ApplicationScoped
class InboxStore {
  /// How many runs one look answers at most.
  static final int MOST_DUE = 500;

  private final Db db;

  InboxStore(Db db) {
    this.db = db;
  }

  static InboxStore on(Db db) {
    return new InboxStore(db);
  }

  /// What waits for the engine.
  enum Kind {
    /// Of an attempt.
    REPORT,
    /// What trials have logged.
    POINTS,
    /// By the run that called it.
    CANCEL,
    /// There may be something to do.
    LOOK
  }

  record Message(Kind kind, byte[] content) {}

  static void tell(Handle tx, UUID run, Kind kind, byte[] content) {
    tx.createUpdate(
            "insert into orchestrator.inbox (run_id, kind, message) values (:run, :kind, :message)")
        .bind("run", run)
        .bind("kind", kind.name())
        .bind("message", content)
        .execute();
  }

  /// Keeps reports until the engine decides on them. One of an attempt that is not known here, or
  /// is over, is dropped.
  ///
  /// @return the runs they are of
  static Set<UUID> keepReports(Handle tx, Collection<TaskReport> reports) {
    var list = List.copyOf(reports);
    var query =
        tx.createQuery(
            """
            with told as (
              insert into orchestrator.inbox (run_id, kind, message)
              select a.run_id, 'REPORT', r.message
              from unnest(:attempts, :messages) with ordinality as r (attempt, message, place)
              join orchestrator.attempt a on a.id = r.attempt
              where a.state in ('QUEUED', 'LAUNCHING', 'RUNNING')
              order by r.place
              returning run_id)
            select distinct run_id from told
            """);
    var columns = new Columns<>(list, query);
    columns.ids("attempts", report -> UUID.fromString(report.getAttemptId()));
    columns.bytes("messages", TaskReport::toByteArray);
    return query.mapTo(UUID.class).set();
  }

  /// Keeps what trials have logged until the engine decides on it. What is of a run that is over,
  /// or not known here, is dropped.
  ///
  /// @return the runs it is of
  static Set<UUID> keepPoints(Handle tx, Collection<WatchedMetrics> metrics) {
    var query =
        tx.createQuery(
            """
            with told as (
              insert into orchestrator.inbox (run_id, kind, message)
              select r.id, 'POINTS', m.message
              from unnest(:runs, :messages) with ordinality as m (run, message, place)
              join orchestrator.pipeline_run r on r.id = m.run
              where r.state = 'RUNNING'
              order by m.place
              returning run_id)
            select distinct run_id from told
            """);
    var columns = new Columns<>(List.copyOf(metrics), query);
    columns.ids("runs", each -> UUID.fromString(each.getPipelineRunId()));
    columns.bytes("messages", WatchedMetrics::toByteArray);
    return query.mapTo(UUID.class).set();
  }

  /// Takes out what waits for the engine, oldest first.
  static List<Message> take(Handle tx, UUID run) {
    record Row(long number, String kind, byte[] message) {}
    return tx.createQuery(
            """
            with taken as (
              delete from orchestrator.inbox where run_id = :run returning number, kind, message)
            select number, kind, message from taken order by number
            """)
        .bind("run", run)
        .mapTo(Row.class)
        .map(row -> new Message(Kind.valueOf(row.kind), row.message))
        .list();
  }

  static TaskReport report(Message message) {
    try {
      return TaskReport.parseFrom(message.content);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a stored report is damaged", e);
    }
  }

  static WatchedMetrics points(Message message) {
    try {
      return WatchedMetrics.parseFrom(message.content);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("stored points are damaged", e);
    }
  }

  /// Runs that the engine has to look at.
  List<UUID> needingAttention(Instant now) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select run_id from orchestrator.inbox
                union
                select id from orchestrator.pipeline_run where wake_at <= :now
                limit :most
                """)
            .bind("most", MOST_DUE)
            .bind("now", now)
            .mapTo(UUID.class)
            .list());
  }
}

package dev.pipewright.orchestrator.run;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.platform.TopicConsumer;
import dev.pipewright.platform.TopicConsumer.InvalidRecord;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Handle;

/// Keeps what task attempts report, and wakes the engine.
final class ReportHandler implements TopicConsumer.Handler {
  private final Clock clock;
  private final Consumer<UUID> look;
  private final Set<UUID> touched = new HashSet<>();

  /// @param look told which run has something to do
  ReportHandler(Clock clock, Consumer<UUID> look) {
    this.clock = clock;
    this.look = look;
  }

  @Override
  public void store(Handle tx, List<ConsumerRecord<String, byte[]>> records) throws InvalidRecord {
    var reports = new ArrayList<TaskReport>(records.size());
    var alive = new HashSet<UUID>();
    for (var each : records) {
      try {
        var report = TaskReport.parseFrom(each.value());
        // Read once here, so that a report the engine cannot read is a dead letter and not a stuck
        // run.
        ReportReader.read(report);
        UUID.fromString(report.getPipelineRunId());
        if (report.hasAlive()) {
          alive.add(UUID.fromString(report.getAttemptId()));
        } else {
          reports.add(report);
        }
      } catch (InvalidProtocolBufferException
          | IllegalArgumentException
          | IllegalStateException e) {
        throw new InvalidRecord("not a TaskReport", e);
      }
    }
    touched.addAll(InboxStore.keepReports(tx, reports));
    if (!alive.isEmpty()) {
      AttemptStore.beat(tx, alive, clock.instant());
    }
  }

  @Override
  public void stored() {
    touched.forEach(look);
    touched.clear();
  }
}

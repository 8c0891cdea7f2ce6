package dev.pipewright.orchestrator.run;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.platform.TopicConsumer;
import dev.pipewright.platform.TopicConsumer.InvalidRecord;
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
  private final RunStore runs;
  private final Consumer<UUID> look;
  private final Set<UUID> touched = new HashSet<>();

  /// @param look told which run has something to do
  ReportHandler(RunStore runs, Consumer<UUID> look) {
    this.runs = runs;
    this.look = look;
  }

  @Override
  public void store(Handle tx, List<ConsumerRecord<String, byte[]>> records) throws InvalidRecord {
    var reports = new ArrayList<TaskReport>(records.size());
    for (var each : records) {
      try {
        var report = TaskReport.parseFrom(each.value());
        // Read once here, so that a report the engine cannot read is a dead letter and not a stuck
        // run.
        ReportReader.read(report);
        UUID.fromString(report.getPipelineRunId());
        reports.add(report);
      } catch (InvalidProtocolBufferException
          | IllegalArgumentException
          | IllegalStateException e) {
        throw new InvalidRecord("not a TaskReport", e);
      }
    }
    touched.addAll(runs.keepReports(tx, reports));
  }

  @Override
  public void stored() {
    touched.forEach(look);
    touched.clear();
  }
}

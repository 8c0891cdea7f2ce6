package dev.pipewright.orchestrator.run;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.metrics.v1.WatchedMetrics;
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

/// Keeps what trials have logged of the metric that their study looks at, and wakes the engine.
final class PointHandler implements TopicConsumer.Handler {
  private final Consumer<UUID> look;
  private final Set<UUID> touched = new HashSet<>();

  /// @param look told which run has something to do
  PointHandler(Consumer<UUID> look) {
    this.look = look;
  }

  @Override
  public void store(Handle tx, List<ConsumerRecord<String, byte[]>> records) throws InvalidRecord {
    var metrics = new ArrayList<WatchedMetrics>(records.size());
    for (var each : records) {
      try {
        metrics.add(checked(WatchedMetrics.parseFrom(each.value())));
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        throw new InvalidRecord("no WatchedMetrics", e);
      }
    }
    touched.addAll(InboxStore.keepPoints(tx, metrics));
  }

  /// What the engine could not read must be a dead letter and not a stuck run.
  private static WatchedMetrics checked(WatchedMetrics metrics) {
    UUID.fromString(metrics.getPipelineRunId());
    for (var points : metrics.getPointsList()) {
      if (points.getStepsCount() != points.getValuesCount()) {
        throw new IllegalArgumentException("there are not as many values as steps");
      }
    }
    return metrics;
  }

  @Override
  public void stored() {
    touched.forEach(look);
    touched.clear();
  }
}

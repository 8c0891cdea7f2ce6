package dev.pipewright.runner;

import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tasks.v1.TaskReport;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/// Where an attempt's reports go.
interface Reports {
  /// @param delivered told once, whether what came of the report is committed already; otherwise
  ///   the broker has it
  void send(TaskReport report, Consumer<Boolean> delivered);

  /// The way over Kafka, which waits for the broker for as long as it takes.
  // The callback hears how it went.
  @SuppressWarnings("FutureReturnValueIgnored")
  static Reports over(Producer<String, byte[]> producer) {
    return (report, delivered) ->
        producer.send(
            new ProducerRecord<>(
                Topics.TASK_REPORTS, report.getPipelineRunId(), report.toByteArray()),
            (metadata, exception) -> {
              if (exception == null) {
                delivered.accept(false);
              } else {
                System.err.println("a report could not be delivered: " + exception);
              }
            });
  }
}

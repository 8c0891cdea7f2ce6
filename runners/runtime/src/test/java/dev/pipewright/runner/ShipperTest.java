package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShipperTest {
  private static final int EVENTS = 100;

  private final CountDownLatch back = new CountDownLatch(1);

  /// As the real one: without its broker, it does not even take a message.
  private final class Away extends MockProducer<String, byte[]> {
    Away() {
      super(true, null, new StringSerializer(), new ByteArraySerializer());
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<String, byte[]> message, Callback told) {
      try {
        back.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return super.send(message, told);
    }
  }

  @Test
  void theEndIsReportedWhileTheBrokerIsAwayAndNoEventIsLost(@TempDir Path folder) throws Exception {
    List<TaskReport> reports = new CopyOnWriteArrayList<>();
    try (var threads = Executors.newCachedThreadPool();
        var spool = Spool.open(folder.resolve("spool"));
        var producer = new Away();
        var shipper =
            new Shipper(
                spool,
                folder.resolve("acked"),
                new Shipper.Outlets(
                    producer,
                    new Tracker("http://127.0.0.1:1"),
                    (report, delivered) -> {
                      reports.add(report);
                      delivered.accept(true);
                    },
                    threads,
                    threads),
                () -> {})) {
      spool.onAppend(shipper::wake);
      for (long seq = 1; seq <= EVENTS; seq++) {
        spool.append(
            new Spool.Entry.Event(RunEvent.newBuilder().setRunId("r").setSeq(seq).build()));
      }
      spool.append(
          new Spool.Entry.Report(
              TaskReport.newBuilder().setFinished(TaskFinished.getDefaultInstance()).build()));

      await().atMost(Duration.ofSeconds(10)).until(() -> reports.size() == 1);
      assertThat(shipper.endIsKnown()).isTrue();
      assertThat(shipper.isDelivered()).isFalse();
      assertThat(producer.history()).isEmpty();

      back.countDown();
      assertThat(shipper.awaitDelivery(Duration.ofSeconds(10))).isTrue();
      assertThat(producer.history())
          .extracting(message -> RunEvent.parseFrom(message.value()).getSeq())
          .containsExactlyElementsOf(LongStream.rangeClosed(1, EVENTS).boxed().toList());
    }
  }
}

package dev.pipewright.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;

/// Sends the rows of an [Outbox] to Kafka in their order and deletes them once the broker has them.
/// A crash in between sends them again, which consumers notice by the number each message carries.
public final class OutboxRelay implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(OutboxRelay.class);
  private static final int BATCH = 500;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Db db;
  private final String schema;
  private final Producer<String, byte[]> producer;
  private final Loop loop;

  private OutboxRelay(Db db, String schema, Kafka kafka) {
    this.db = db;
    this.schema = schema;
    this.producer = kafka.producer();
    this.loop = Loop.start("outbox-" + schema, Duration.ofSeconds(1), this::relay);
  }

  public static OutboxRelay start(Db db, String schema, Kafka kafka) {
    return new OutboxRelay(db, schema, kafka);
  }

  public void wake() {
    loop.wake();
  }

  @Override
  public void close() {
    loop.close();
    producer.close(PATIENCE);
  }

  private record Row(long number, String topic, String key, byte[] payload) {}

  private boolean relay() throws Exception {
    return db.inTransaction(tx -> {
      // One relay at a time over all replicas keeps the order of each key.
      var mine =
          tx.createQuery("select pg_try_advisory_xact_lock(hashtext(:name))")
              .bind("name", schema + ".outbox")
              .mapTo(Boolean.class)
              .one();
      if (!mine) {
        return false;
      }
      var rows =
          tx.createQuery(
                  "select number, topic, key, payload from "
                      + schema
                      + ".outbox order by number limit "
                      + BATCH)
              .mapTo(Row.class)
              .list();
      if (rows.isEmpty()) {
        return false;
      }
      for (var wave : waves(rows)) {
        send(tx, wave);
      }
      tx.createUpdate("delete from " + schema + ".outbox where number = any(:numbers)")
          .bindArray("numbers", Long.class, rows.stream().map(Row::number).toList())
          .execute();
      return rows.size() == BATCH;
    });
  }

  /// The first messages of all keys, then their second ones, and so on.
  private static List<List<Row>> waves(List<Row> rows) {
    var waves = new ArrayList<List<Row>>();
    var sent = new HashMap<String, Integer>();
    for (var row : rows) {
      int wave = sent.merge(row.topic + '\n' + row.key, 1, Integer::sum) - 1;
      if (wave == waves.size()) {
        waves.add(new ArrayList<>());
      }
      waves.get(wave).add(row);
    }
    return waves;
  }

  /// All of them at once: no two are of one key, of which a message that fails must not be
  /// overtaken by a later one.
  private void send(Handle tx, List<Row> wave) throws InterruptedException, ExecutionException {
    var sendings =
        wave.stream()
            .map(row -> producer.send(new ProducerRecord<>(row.topic, row.key, row.payload)))
            .toList();
    for (int i = 0; i < wave.size(); i++) {
      await(tx, wave.get(i), sendings.get(i));
    }
  }

  private void await(Handle tx, Row row, Future<?> sending)
      throws InterruptedException, ExecutionException {
    try {
      sending.get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof RecordTooLargeException)) {
        throw e;
      }
      // It can never be sent, and must not hold up the rest.
      LOG.errorf(
          "message %d for %s is too large to send; kept as a dead letter", row.number, row.topic);
      tx.createUpdate(
              "insert into "
                  + schema
                  + ".dead_letter (topic, partition, record_offset, key, payload, reason)"
                  + " values (:topic, -1, :number, :key, :payload, 'too large to send')")
          .bind("topic", row.topic)
          .bind("number", row.number)
          .bind("key", row.key)
          .bind("payload", row.payload)
          .execute();
    }
  }
}

package dev.pipewright.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;

/// Stores a topic's records exactly once: the position of each partition is a row in the same
/// schema, moved in the transaction that stores the records. Moving it only from the value it was
/// read at also fences off a second consumer.
///
/// A record that can never be stored goes to the schema's `dead_letter` table with the reason, and
/// the rest goes on. While the database is away nothing moves and nothing is lost.
public final class TopicConsumer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TopicConsumer.class);
  private static final Duration POLL = Duration.ofMillis(250);

  private final Db db;
  private final String schema;
  private final String topic;
  private final Consumer<String, byte[]> consumer;
  private final Handler handler;
  private final Map<TopicPartition, Long> positions = new HashMap<>();
  private final AtomicLong lag = new AtomicLong();
  private final Loop loop;

  /// Stores records; called again with the same ones when the transaction failed.
  public interface Handler {
    /// Stores all of these in the transaction.
    ///
    /// @throws InvalidRecord when one of them can never be stored
    void store(Handle tx, List<ConsumerRecord<String, byte[]>> records) throws InvalidRecord;

    /// Called after the commit.
    void stored();
  }

  /// Says that a record can never be stored.
  public static final class InvalidRecord extends Exception {
    private static final long serialVersionUID = 1L;

    public InvalidRecord(String reason, Throwable cause) {
      super(reason, cause);
    }
  }

  private static final class Fenced extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private TopicConsumer(
      Db db, String schema, String topic, Consumer<String, byte[]> consumer, Handler handler) {
    this.db = db;
    this.schema = schema;
    this.topic = topic;
    this.consumer = consumer;
    this.handler = handler;
    this.loop = Loop.start("consume-" + topic, Duration.ZERO, this::step);
  }

  public static TopicConsumer start(
      Db db, String schema, String topic, Consumer<String, byte[]> consumer, Handler handler) {
    return new TopicConsumer(db, schema, topic, consumer, handler);
  }

  /// How many records of the topic are not stored yet, as of the last poll.
  public long lag() {
    return lag.get();
  }

  @Override
  public void close() {
    consumer.wakeup();
    loop.close();
    consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
  }

  private boolean step() throws Exception {
    try {
      if (positions.isEmpty() && !assign()) {
        // A broker that has just started may not know its topics yet.
        Thread.sleep(POLL);
        return true;
      }
      var polled = consumer.poll(POLL);
      if (!polled.isEmpty()) {
        var records = new ArrayList<ConsumerRecord<String, byte[]>>(polled.count());
        polled.forEach(records::add);
        storeOrRewind(records);
      }
      long behind = 0;
      for (var partition : positions.keySet()) {
        behind += consumer.currentLag(partition).orElse(0L);
      }
      lag.set(behind);
      return true;
    } catch (WakeupException e) {
      return false;
    } catch (OffsetOutOfRangeException e) {
      // The broker lost or dropped what we had not read, or is a new one. What it has now is all
      // there is.
      LOG.errorf(
          "%s: the broker does not have the stored positions %s",
          topic, e.offsetOutOfRangePartitions());
      consumer.seekToBeginning(e.partitions());
      for (var partition : e.partitions()) {
        long begin = consumer.position(partition);
        db.useTransaction(tx -> move(tx, partition, positions.get(partition), begin));
        positions.put(partition, begin);
      }
      return true;
    }
  }

  /// @return whether the topic is there
  private boolean assign() throws Exception {
    var partitions = new ArrayList<TopicPartition>();
    for (var info : consumer.partitionsFor(topic)) {
      partitions.add(new TopicPartition(topic, info.partition()));
    }
    if (partitions.isEmpty()) {
      return false;
    }
    Map<Integer, Long> stored = new HashMap<>();
    db.useTransaction(tx -> {
      for (var partition : partitions) {
        tx.createUpdate(
                "insert into "
                    + schema
                    + ".consumer_offset (topic, partition, next_offset) values (:topic, :partition, 0)"
                    + " on conflict do nothing")
            .bind("topic", topic)
            .bind("partition", partition.partition())
            .execute();
      }
      tx.createQuery(
              "select partition, next_offset from "
                  + schema
                  + ".consumer_offset where topic = :topic")
          .bind("topic", topic)
          .map((rs, context) -> Map.entry(rs.getInt(1), rs.getLong(2)))
          .forEach(row -> stored.put(row.getKey(), row.getValue()));
    });
    consumer.assign(partitions);
    for (var partition : partitions) {
      long next = stored.get(partition.partition());
      consumer.seek(partition, next);
      positions.put(partition, next);
    }
    return true;
  }

  private void storeOrRewind(List<ConsumerRecord<String, byte[]>> records) throws Exception {
    try {
      try {
        storeAll(records);
      } catch (InvalidRecord | RuntimeException e) {
        if (!isPermanent(e)) {
          throw e;
        }
        // One of them is bad: find it by storing each by itself.
        for (var each : records) {
          storeOne(each);
        }
      }
    } catch (Exception e) {
      // Nothing of the rest was stored: read it again.
      positions.clear();
      consumer.unsubscribe();
      if (!(e instanceof Fenced)) {
        throw e;
      }
      LOG.warnf("%s: another consumer moved the position; reading again from there", topic);
    }
  }

  /// What a handler calls invalid is, whatever it failed with: a parser's failure is an
  /// [java.io.IOException] like the disk's.
  private static boolean isPermanent(Exception failure) {
    return failure instanceof InvalidRecord || Db.isPermanent(failure);
  }

  private void storeAll(List<ConsumerRecord<String, byte[]>> records) throws Exception {
    var moved = new HashMap<TopicPartition, Long>();
    for (var each : records) {
      moved.put(new TopicPartition(topic, each.partition()), each.offset() + 1);
    }
    db.useTransaction(tx -> {
      for (var entry : moved.entrySet()) {
        move(tx, entry.getKey(), positions.get(entry.getKey()), entry.getValue());
      }
      handler.store(tx, records);
    });
    positions.putAll(moved);
    handler.stored();
  }

  private void storeOne(ConsumerRecord<String, byte[]> each) throws Exception {
    try {
      storeAll(List.of(each));
    } catch (InvalidRecord | RuntimeException e) {
      if (!isPermanent(e)) {
        throw e;
      }
      LOG.errorf(
          e,
          "%s/%d@%d cannot be stored; kept as a dead letter",
          topic,
          each.partition(),
          each.offset());
      var partition = new TopicPartition(topic, each.partition());
      db.useTransaction(tx -> {
        move(tx, partition, positions.get(partition), each.offset() + 1);
        tx.createUpdate(
                "insert into "
                    + schema
                    + ".dead_letter (topic, partition, record_offset, key, payload, reason)"
                    + " values (:topic, :partition, :offset, :key, :payload, :reason)")
            .bind("topic", topic)
            .bind("partition", each.partition())
            .bind("offset", each.offset())
            .bind("key", each.key())
            .bind("payload", each.value())
            .bind("reason", Loop.rootMessage(e))
            .execute();
      });
      positions.put(partition, each.offset() + 1);
    }
  }

  private void move(Handle tx, TopicPartition partition, long from, long to) throws Fenced {
    int rows =
        tx.createUpdate(
                "update "
                    + schema
                    + ".consumer_offset set next_offset = :to"
                    + " where topic = :topic and partition = :partition and next_offset = :from")
            .bind("to", to)
            .bind("topic", topic)
            .bind("partition", partition.partition())
            .bind("from", from)
            .execute();
    if (rows != 1) {
      throw new Fenced();
    }
  }
}

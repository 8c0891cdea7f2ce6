package dev.pipewright.platform;

import com.google.protobuf.MessageLite;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// Messages that must reach Kafka exactly when a transaction commits: written as rows in it, sent
/// afterwards by [OutboxRelay]. Each schema has a table `outbox` of its own.
public final class Outbox {
  private final String schema;

  public Outbox(String schema) {
    this.schema = schema;
  }

  /// @return the message's number; grows with each message of one key
  public long nextNumber(Handle tx) {
    return tx.createQuery("select nextval('" + schema + ".outbox_number')").mapTo(Long.class).one();
  }

  /// @return numbers for so many messages, growing
  public List<Long> nextNumbers(Handle tx, int count) {
    return tx.createQuery(
            "select nextval('" + schema + ".outbox_number') from generate_series(1, :count)")
        .bind("count", count)
        .mapTo(Long.class)
        .list();
  }

  /// One message.
  public record Message(long number, String topic, String key, MessageLite content) {}

  public void append(Handle tx, List<Message> messages) {
    tx.createUpdate(
            "insert into "
                + schema
                + ".outbox (number, topic, key, payload)"
                + " select * from unnest(:numbers, :topics, :keys, :payloads)")
        .bindArray("numbers", Long.class, messages.stream().map(Message::number).toList())
        .bindArray("topics", String.class, messages.stream().map(Message::topic).toList())
        .bindArray("keys", String.class, messages.stream().map(Message::key).toList())
        .bindArray(
            "payloads",
            byte[].class,
            messages.stream().map(message -> message.content.toByteArray()).toList())
        .execute();
  }

  public void append(Handle tx, long number, String topic, String key, MessageLite message) {
    tx.createUpdate(
            "insert into "
                + schema
                + ".outbox (number, topic, key, payload) values (:number, :topic, :key, :payload)")
        .bind("number", number)
        .bind("topic", topic)
        .bind("key", key)
        .bind("payload", message.toByteArray())
        .execute();
  }
}

package dev.pipewright.platform;

import com.google.protobuf.MessageLite;
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

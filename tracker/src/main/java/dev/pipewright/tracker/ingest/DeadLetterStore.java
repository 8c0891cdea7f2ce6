package dev.pipewright.tracker.ingest;

import dev.pipewright.contract.api.DeadLetter;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The SQL of run events that could not be stored.
@ApplicationScoped
class DeadLetterStore {
  private final Db db;

  DeadLetterStore(Db db) {
    this.db = db;
  }

  /// Newest first.
  ///
  /// @param before the id that the page before ended with; null for the first page
  List<DeadLetter> list(@Nullable Long before, int limit) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select id, topic, partition, record_offset as offset, key,
                  coalesce(octet_length(payload), 0) as bytes, reason, created_at
                from tracker.dead_letter where id < :before order by id desc limit :limit
                """)
            .bind("before", before == null ? Long.MAX_VALUE : before)
            .bind("limit", limit)
            .mapTo(DeadLetter.class)
            .list());
  }

  /// Oldest first, which is the order they came in.
  List<Long> after(long id, int limit) {
    return db.read(handle ->
        handle
            .createQuery(
                "select id from tracker.dead_letter where id > :id order by id limit :limit")
            .bind("id", id)
            .bind("limit", limit)
            .mapTo(Long.class)
            .list());
  }

  long count() {
    return db.read(handle ->
        handle.createQuery("select count(*) from tracker.dead_letter").mapTo(Long.class).one());
  }

  /// Takes a message out, for this transaction to store it. Two that replay the same one wait for
  /// each other, and the second finds nothing.
  Optional<byte[]> take(Handle tx, long id) {
    return tx.createQuery(
            """
            delete from tracker.dead_letter where id = :id returning coalesce(payload, '') as payload
            """)
        .bind("id", id)
        .mapTo(byte[].class)
        .findOne();
  }

  /// @return false when it is not there any more
  boolean refused(long id, String reason) {
    return db.inTransaction(tx ->
        tx.createUpdate("update tracker.dead_letter set reason = :reason where id = :id")
                .bind("reason", reason)
                .bind("id", id)
                .execute()
            == 1);
  }

  boolean delete(long id) {
    return db.inTransaction(tx ->
        tx.createUpdate("delete from tracker.dead_letter where id = :id").bind("id", id).execute()
            == 1);
  }
}

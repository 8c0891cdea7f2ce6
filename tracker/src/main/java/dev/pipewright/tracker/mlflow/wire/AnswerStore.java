package dev.pipewright.tracker.mlflow.wire;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of answers that may not have arrived.
@ApplicationScoped
class AnswerStore {
  /// Beside other advisory locks of two numbers.
  private static final int LOCK = 0x414e5357;

  private final Db db;

  AnswerStore(Db db) {
    this.db = db;
  }

  /// @param call digest of what was asked
  record Key(UUID call, UUID id) {}

  /// @param server who gives the answer; null when it is known to be lost
  record Row(UUID id, @Nullable Integer server, byte[] content) {}

  /// Of equal calls, oldest first.
  static List<Row> find(Handle tx, UUID call, Duration since) {
    return tx.createQuery(
            """
            select id, server, content from tracker.answer
            where call = :call and created_at > now() - make_interval(secs => :since)
            order by created_at, id
            """)
        .bind("call", call)
        .bind("since", since.toSeconds())
        .mapTo(Row.class)
        .list();
  }

  /// @return whether there are answers to equal calls
  static boolean put(Handle tx, Key key, int server, byte[] content) {
    return tx.createQuery(
            """
            insert into tracker.answer (call, id, server, content)
            values (:call, :id, :server, :content)
            returning exists (select from tracker.answer o where o.call = :call and o.id <> :id)
            """)
        .bind("call", key.call)
        .bind("id", key.id)
        .bind("server", server)
        .bind("content", content)
        .mapTo(Boolean.class)
        .one();
  }

  /// Makes another server's or a lost answer this server's.
  ///
  /// @return false when somebody was faster
  static boolean take(Handle tx, Key key, @Nullable Integer from, int server) {
    return tx.createUpdate(
                """
                update tracker.answer set server = :server
                where call = :call and id = :id and server is not distinct from cast(:from as int)
                """)
            .bind("call", key.call)
            .bind("id", key.id)
            .bind("from", from)
            .bind("server", server)
            .execute()
        > 0;
  }

  void lost(Key key) {
    db.useTransaction(tx ->
        tx.createUpdate("update tracker.answer set server = null where call = :call and id = :id")
            .bind("call", key.call)
            .bind("id", key.id)
            .execute());
  }

  void delete(Collection<Key> keys) {
    db.useTransaction(tx ->
        tx.createUpdate(
                """
                delete from tracker.answer a using unnest(:calls, :ids) as k (call, id)
                where a.call = k.call and a.id = k.id
                """)
            .bindArray("calls", UUID.class, keys.stream().map(Key::call).toList())
            .bindArray("ids", UUID.class, keys.stream().map(Key::id).toList())
            .execute());
  }

  /// @return how many
  int deleteOld(Duration age, int most) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                delete from tracker.answer where (call, id) in (
                  select call, id from tracker.answer
                  where created_at < now() - make_interval(secs => :age) limit :most)
                """)
            .bind("age", age.toSeconds())
            .bind("most", most)
            .execute());
  }

  // Which servers live -----------------------------------------------------------------------

  /// Tells others that this server lives, until the connection ends. Null when an older connection
  /// of this server's still does so.
  @Nullable Handle live(int server) {
    var handle = db.open();
    try {
      if (lock(handle, "pg_try_advisory_lock", server)) {
        return handle;
      }
    } catch (RuntimeException e) {
      handle.close();
      throw e;
    }
    handle.close();
    return null;
  }

  /// @throws RuntimeException when the connection is no more
  static void check(Handle live) {
    live.createQuery("select 1").mapTo(Integer.class).one();
  }

  /// Whether a server ended. It cannot come back before the transaction ends.
  static boolean ended(Handle tx, int server) {
    return lock(tx, "pg_try_advisory_xact_lock_shared", server);
  }

  private static boolean lock(Handle handle, String function, int server) {
    return handle
        .createQuery("select " + function + "(:lock, :server)")
        .bind("lock", LOCK)
        .bind("server", server)
        .mapTo(Boolean.class)
        .one();
  }
}

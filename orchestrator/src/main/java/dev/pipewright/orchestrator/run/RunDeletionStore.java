package dev.pipewright.orchestrator.run;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/// The SQL that deletes runs. Their tasks, history and inbox go with them, the runs that they
/// called, and what of their outputs the cache remembers. A run that took outputs over has them
/// itself.
@ApplicationScoped
public class RunDeletionStore {
  private final Db db;

  RunDeletionStore(Db db) {
    this.db = db;
  }

  public static RunDeletionStore on(Db db) {
    return new RunDeletionStore(db);
  }

  /// Deletes one, if it has ended.
  ///
  /// @return whether it was deleted
  boolean delete(UUID run) {
    return db.inTransaction(tx -> delete(tx, List.of(run)) == 1);
  }

  /// Deletes those of these runs that have ended.
  ///
  /// @return how many, not counting those that they called
  public int delete(Handle tx, Collection<UUID> runs) {
    var ended =
        tx.createQuery(
                """
                select id from orchestrator.pipeline_run
                where id = any(:runs) and state in ('SUCCEEDED', 'FAILED', 'CANCELLED')
                order by id for update
                """)
            .bindArray("runs", UUID.class, runs)
            .mapTo(UUID.class)
            .list();
    tx.createUpdate(
            """
            with recursive gone as (
              select id from orchestrator.pipeline_run where id = any(:runs)
              union
              select r.id from orchestrator.pipeline_run r join gone g on r.parent_run_id = g.id)
            delete from orchestrator.cache_entry c using orchestrator.attempt a, gone g
            where a.run_id = g.id and a.cache_key = c.key and a.id = c.attempt_id
            """)
        .bindArray("runs", UUID.class, ended)
        .execute();
    return tx.createUpdate("delete from orchestrator.pipeline_run where id = any(:runs)")
        .bindArray("runs", UUID.class, ended)
        .execute();
  }

  /// Those of these runs that were deleted, lately.
  public Set<UUID> deleted(Collection<UUID> runs) {
    return db.read(handle ->
        handle
            .createQuery("select id from orchestrator.deleted_run where id = any(:runs)")
            .bindArray("runs", UUID.class, runs)
            .mapTo(UUID.class)
            .set());
  }
}

package dev.pipewright.orchestrator.run;

import dev.pipewright.orchestrator.run.RunStore.RunRow;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/// Outputs that may be used again by attempts which depend on the same.
final class CacheStore {
  private CacheStore() {}

  record CacheRow(
      String key, UUID attemptId, long runNumber, String task, String outputs, Instant createdAt) {}

  static Map<String, CacheRow> cached(Handle tx, Collection<String> keys) {
    var found = new HashMap<String, CacheRow>();
    tx.createQuery(
            """
            select key, attempt_id, run_number, task, outputs::text as outputs, created_at
            from orchestrator.cache_entry where key = any(:keys)
            """)
        .bindArray("keys", String.class, keys)
        .mapTo(CacheRow.class)
        .forEach(row -> found.put(row.key, row));
    return found;
  }

  /// Remembers the outputs of attempts that succeeded and may be used again.
  static void remember(Handle tx, RunRow run, Collection<UUID> attempts, Instant now) {
    tx.createUpdate(
            """
            insert into orchestrator.cache_entry (key, attempt_id, run_number, task, outputs, created_at)
            select distinct on (a.cache_key) a.cache_key, a.id, :number, a.task, t.outputs, :now
            from orchestrator.attempt a
            join orchestrator.task t on t.run_id = a.run_id and t.name = a.task
            where a.id = any(:attempts) and a.cache_key is not null
            on conflict (key) do update set attempt_id = excluded.attempt_id,
              run_number = excluded.run_number, task = excluded.task, outputs = excluded.outputs,
              created_at = excluded.created_at
            """)
        .bind("number", run.number())
        .bind("now", now)
        .bindArray("attempts", UUID.class, attempts)
        .execute();
  }
}

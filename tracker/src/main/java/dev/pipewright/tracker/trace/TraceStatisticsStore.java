package dev.pipewright.tracker.trace;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/// Counts over traces.
@ApplicationScoped
public class TraceStatisticsStore {
  private final Db db;

  TraceStatisticsStore(Db db) {
    this.db = db;
  }

  public static TraceStatisticsStore on(Db db) {
    return new TraceStatisticsStore(db);
  }

  public record Counts(long all, long first, long second, long both) {}

  /// How many traces match each of two conditions, and both.
  ///
  /// @param where a condition on `t`, a trace; as are the others
  public Counts together(String where, String first, String second, Map<String, Object> bindings) {
    return db.inTransaction(tx -> {
      limit(tx);
      return tx.createQuery(
              """
              select count(*) as all, count(*) filter (where f) as first,
                count(*) filter (where s) as second, count(*) filter (where f and s) as both
              from (select (%s) as f, (%s) as s from tracker.trace t where %s) x
              """
                  .formatted(first, second, where))
          .bindMap(bindings)
          .mapTo(Counts.class)
          .one();
    });
  }

  private static void limit(Handle tx) {
    tx.execute("set local statement_timeout = '10s'");
  }
}

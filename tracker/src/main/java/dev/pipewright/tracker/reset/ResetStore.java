package dev.pipewright.tracker.reset;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;

/// The SQL that empties the tracker's tables.
@ApplicationScoped
class ResetStore {
  private final Db db;

  ResetStore(Db db) {
    this.db = db;
  }

  /// Leaves what a new server has. What was read from Kafka stays read.
  void reset() {
    db.useTransaction(tx -> {
      var tables =
          tx.createQuery(
                  """
                  select string_agg(format('tracker.%I', tablename), ', ') from pg_tables
                  where schemaname = 'tracker'
                    and tablename not in ('flyway_schema_history', 'consumer_offset')
                  """)
              .mapTo(String.class)
              .one();
      // Folding locks tables in another order.
      tx.execute("select pg_advisory_xact_lock(hashtext('tracker.fold'))");
      tx.execute("truncate " + tables + " restart identity");
      tx.execute(
          """
          insert into tracker.experiment (id, name, artifact_location)
          overriding system value values (0, 'Default', 'mlflow-artifacts:/0')
          """);
    });
  }
}

package dev.pipewright.tracker.trace;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Counts, sums and percentiles over traces, spans and assessments.
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

  /// A value by the names of its group.
  ///
  /// @param dimensions name → value
  /// @param values aggregation → value
  public record Point(Map<String, String> dimensions, Map<String, Double> values) {}

  /// @param from what follows FROM
  /// @param dimensions name → expression; time buckets among them
  /// @param values aggregation → expression
  public record Query(
      String from,
      String where,
      Map<String, String> dimensions,
      Map<String, String> values,
      Map<String, Object> bindings,
      int most) {}

  /// One point for each group that has rows, in the order of their dimensions.
  public List<Point> points(Query query) {
    var columns = new ArrayList<String>();
    query.dimensions.values().forEach(each -> columns.add("(" + each + ")::text"));
    query.values.values().forEach(each -> columns.add("(" + each + ")::double precision"));
    var groups = new ArrayList<String>();
    for (int i = 1; i <= query.dimensions.size(); i++) {
      groups.add(String.valueOf(i));
    }
    var sql =
        "select "
            + String.join(", ", columns)
            + " from "
            + query.from
            + " where "
            + query.where
            + (groups.isEmpty()
                ? " having count(*) > 0"
                : " group by "
                    + String.join(", ", groups)
                    + " order by "
                    + String.join(", ", groups))
            + " limit "
            + query.most;
    return db.inTransaction(tx -> {
      limit(tx);
      return tx.createQuery(sql)
          .bindMap(query.bindings)
          .map((rs, context) -> {
            var dimensions = new LinkedHashMap<String, String>();
            int at = 1;
            for (var name : query.dimensions.keySet()) {
              @Nullable String value = rs.getString(at++);
              if (value != null) {
                dimensions.put(name, value);
              }
            }
            var values = new LinkedHashMap<String, Double>();
            for (var name : query.values.keySet()) {
              double value = rs.getDouble(at++);
              if (!rs.wasNull()) {
                values.put(name, value);
              }
            }
            return new Point(dimensions, values);
          })
          .list();
    });
  }

  private static void limit(Handle tx) {
    tx.execute("set local statement_timeout = '10s'");
  }
}

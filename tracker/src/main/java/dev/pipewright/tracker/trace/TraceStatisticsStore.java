package dev.pipewright.tracker.trace;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

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

  /// Figures of one group of rows.
  ///
  /// @param groups what its rows have in common, as text
  /// @param values null where the group has none
  public record Group(List<String> groups, List<@Nullable Double> values) {}

  /// In the order of the groups.
  ///
  /// @param from tables; the other parts are SQL over them too
  public List<Group> grouped(
      String from,
      String where,
      List<String> groups,
      List<String> values,
      int most,
      Map<String, Object> bindings) {
    var columns = new ArrayList<String>();
    groups.forEach(each -> columns.add("(" + each + ")::text"));
    values.forEach(each -> columns.add("(" + each + ")::double precision"));
    var grouping = String.join(", ", groups);
    return db.inTransaction(tx -> {
      limit(tx);
      return tx.createQuery(
              "select "
                  + String.join(", ", columns)
                  + " from "
                  + from
                  + " where "
                  + where
                  + (groups.isEmpty() ? "" : " group by %1$s order by %1$s".formatted(grouping))
                  + " limit "
                  + most)
          .bindMap(bindings)
          .map((rs, context) -> {
            var common = new ArrayList<String>();
            for (int i = 1; i <= groups.size(); i++) {
              common.add(rs.getString(i));
            }
            var figures = new ArrayList<@Nullable Double>();
            for (int i = 1; i <= values.size(); i++) {
              double value = rs.getDouble(groups.size() + i);
              figures.add(rs.wasNull() ? null : value);
            }
            return new Group(common, figures);
          })
          .list();
    });
  }

  private static void limit(Handle tx) {
    tx.execute("set local statement_timeout = '10s'");
  }
}

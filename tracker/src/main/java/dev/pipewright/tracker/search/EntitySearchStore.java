package dev.pipewright.tracker.search;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Searches what there are few of, beside runs: one statement, paged by the order's values.
@ApplicationScoped
public class EntitySearchStore {
  private final Db db;

  EntitySearchStore(Db db) {
    this.db = db;
  }

  public static EntitySearchStore on(Db db) {
    return new EntitySearchStore(db);
  }

  /// One key of an order; rows without a value come last, either way.
  ///
  /// @param type of the expression, in PostgreSQL's words
  public record Key(String expression, String type, boolean ascending) {}

  /// @param from what follows FROM
  /// @param identity expressions that say which row it is
  /// @param where a condition that uses the bindings
  /// @param order must tell any two rows apart
  /// @param scope everything that makes this search this one; a page token fits no other
  public record Query(
      String from,
      List<String> identity,
      String where,
      Bindings bindings,
      List<Key> order,
      int maxResults,
      @Nullable String pageToken,
      List<?> scope) {}

  /// @param next null on the last page
  public record Found(List<List<String>> rows, @Nullable String next) {}

  /// @throws InvalidFilter when the page token is not of this search
  public Found search(Query query) {
    var digest = PageToken.digest(query.scope);
    var where = new StringBuilder(query.where);
    if (query.pageToken != null && !query.pageToken.isEmpty()) {
      var after =
          PageToken.decodeTyped(
              query.pageToken, digest, query.order.stream().map(Key::type).toList());
      where.append(" and (").append(behind(query, after.key())).append(")");
    }
    var columns = new ArrayList<>(query.identity);
    query.order.forEach(key -> columns.add("(" + key.expression + ")::text"));
    var order =
        query.order.stream()
            .map(key -> key.expression + (key.ascending ? " asc" : " desc") + " nulls last")
            .toList();
    var sql =
        "select "
            + String.join(", ", columns)
            + " from "
            + query.from
            + " where "
            + where
            + " order by "
            + String.join(", ", order)
            + " limit "
            + (query.maxResults + 1);
    var rows =
        SqlFilter.searching(() -> db.inTransaction(tx -> read(tx, sql, query, columns.size())));
    boolean more = rows.size() > query.maxResults;
    var shown = more ? rows.subList(0, query.maxResults) : rows;
    int identity = query.identity.size();
    return new Found(
        shown.stream().map(row -> row.subList(0, identity)).toList(),
        more
            ? new PageToken(digest, shown.getLast().subList(identity, columns.size())).encode()
            : null);
  }

  private static List<List<String>> read(Handle tx, String sql, Query query, int columns) {
    tx.execute("set local statement_timeout = '10s'");
    return tx.createQuery(sql)
        .bindMap(query.bindings.values())
        .map((rs, context) -> {
          var row = new ArrayList<String>(columns);
          for (int i = 1; i <= columns; i++) {
            row.add(rs.getString(i));
          }
          return (List<String>) row;
        })
        .list();
  }

  /// Rows whose first keys are equal to the last page's end and whose next one is behind it.
  private static String behind(Query query, List<@Nullable String> end) {
    var cases = new ArrayList<String>();
    var equal = new StringBuilder();
    for (int i = 0; i < query.order.size(); i++) {
      var key = query.order.get(i);
      var value = end.get(i);
      if (value == null) {
        equal.append(key.expression).append(" is null and ");
        continue;
      }
      var bound = "cast(" + query.bindings.add(value) + " as " + key.type + ")";
      cases.add(
          "%s(%s %s %s or %s is null)"
              .formatted(equal, key.expression, key.ascending ? ">" : "<", bound, key.expression));
      equal.append(key.expression).append(" = ").append(bound).append(" and ");
    }
    return cases.isEmpty() ? "false" : String.join(" or ", cases);
  }
}

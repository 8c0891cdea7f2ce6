package dev.pipewright.tracker.search;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.pipewright.platform.Db;
import dev.pipewright.tracker.search.Filter.Compare;
import dev.pipewright.tracker.search.Filter.In;
import dev.pipewright.tracker.search.Filter.IsNull;
import dev.pipewright.tracker.search.Filter.Operator;
import dev.pipewright.tracker.search.RunQuery.View;
import dev.pipewright.tracker.search.SqlFilter.Type;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/// Finds runs. PostgreSQL knows nothing of how the values of one key are spread, so the plan is
/// made here: from the smallest set of candidates where an index knows a small one, else along the
/// index of the order, and only when neither ends soon by everything at once.
/// docs/adr/0009-search-plans.md says more.
@ApplicationScoped
public class RunSearchStore {
  /// Where one plan gives way to another. Measured; tests make them small.
  ///
  /// @param few from so few candidates a page is made faster than by any walk
  /// @param some from so many candidates a page is made faster than by a walk that finds little
  /// @param many from so many still, and faster than by everything at once
  /// @param sample after so many runs without a full page a walk thinks again
  /// @param longestWalk after so many it gives up
  record Limits(
      int few, int some, int many, int sample, int longestWalk, int smallestStep, int largestStep) {
    static final Limits MEASURED = new Limits(2_000, 20_000, 200_000, 1_000, 50_000, 250, 5_000);
  }

  private static final Map<String, String> LOOK_UP =
      Map.of(
          "statement_timeout", "10s",
          "plan_cache_mode", "force_custom_plan",
          "enable_seqscan", "off",
          "enable_bitmapscan", "off",
          "enable_hashjoin", "off",
          "enable_mergejoin", "off");
  private static final Map<String, String> EVERYTHING =
      Map.of(
          "enable_seqscan", "on",
          "enable_bitmapscan", "on",
          "enable_hashjoin", "on",
          "enable_mergejoin", "on",
          "work_mem", "64MB");

  private final Db db;
  private final Limits limits;

  @Inject
  RunSearchStore(Db db) {
    this(db, Limits.MEASURED);
  }

  RunSearchStore(Db db, Limits limits) {
    this.db = db;
    this.limits = limits;
  }

  public static RunSearchStore on(Db db) {
    return new RunSearchStore(db);
  }

  public record Found(String id, long number) {}

  /// @param next token of the next page; there whenever this one is full, as in MLflow
  public record RunPage(List<Found> runs, @Nullable String next) {}

  /// A row found, with its value of each key of the order.
  private record Row(Found run, List<@Nullable String> key) {}

  public RunPage search(RunQuery query) {
    if (query.experiments().isEmpty() || query.maxResults() == 0) {
      return new RunPage(List.of(), null);
    }
    var rows =
        SqlFilter.searching(() -> db.inTransaction(tx -> new Search(tx, query, limits).rows()));
    boolean full = rows.size() == query.maxResults();
    return new RunPage(
        rows.stream().map(Row::run).toList(),
        full ? new PageToken(query.digest(), rows.getLast().key()).encode() : null);
  }

  /// What is left to search: after a walk has entered a group of runs with one value, the rest of
  /// the order within that group.
  ///
  /// @param fixed the values of the order's keys that are the same for all of them
  /// @param after the values of the remaining keys behind which to begin; null at the beginning
  private record Scope(
      Filter filter,
      List<OrderBy> order,
      List<@Nullable String> fixed,
      @Nullable List<@Nullable String> after) {
    /// The runs whose first key has this value.
    Scope group(Filter member, @Nullable String value, boolean resumed) {
      var deeper = new ArrayList<@Nullable String>(fixed);
      deeper.add(value);
      return new Scope(
          filter.and(member),
          order.subList(1, order.size()),
          deeper,
          resumed && after != null ? after.subList(1, after.size()) : null);
    }
  }

  private static final class WalkTooLong extends RuntimeException {
    private static final long serialVersionUID = 1;

    WalkTooLong() {
      super(null, null, false, false);
    }
  }

  private static final class Search {
    private final Handle tx;
    private final RunQuery query;
    private final Limits limits;
    private final Map<Filter, Integer> counts = new HashMap<>();
    private final List<Row> rows = new ArrayList<>();
    private int walked;

    Search(Handle tx, RunQuery query, Limits limits) {
      this.tx = tx;
      this.query = query;
      this.limits = limits;
    }

    List<Row> rows() {
      var whole =
          new Scope(
              query.filter(),
              query.order(),
              List.of(),
              query.after() == null ? null : query.after().key());
      try {
        settings(LOOK_UP);
        try {
          collect(whole);
        } catch (WalkTooLong e) {
          rows.clear();
          settings(EVERYTHING);
          everything(whole);
        }
      } catch (RuntimeException e) {
        throw query.after() != null && dataRefused(e)
            ? new InvalidFilter("Invalid page token, its values do not fit the order", 0)
            : e;
      }
      return rows;
    }

    /// For this transaction.
    private void settings(Map<String, String> settings) {
      tx.createQuery(
              "select set_config(name, value, true) from unnest(cast(:names as text[]), cast(:values as text[])) s(name, value)")
          .bind("names", settings.keySet().toArray(String[]::new))
          .bind("values", settings.values().toArray(String[]::new))
          .mapTo(String.class)
          .list();
    }

    private static boolean dataRefused(Throwable failure) {
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        if (cause instanceof SQLException sql
            && sql.getSQLState() != null
            && sql.getSQLState().startsWith("22")) {
          return !"2201B".equals(sql.getSQLState());
        }
      }
      return false;
    }

    private int missing() {
      return query.maxResults() - rows.size();
    }

    private void collect(Scope scope) {
      if (missing() == 0) {
        return;
      }
      var driver = smallest(scope.filter, limits.few);
      if (driver != null) {
        fromCandidates(scope, driver, limits.few);
        return;
      }
      int before = rows.size();
      var first = scope.order.getFirst();
      if (first.field().equals(RunQuery.START_TIME)
          && scope.order.size() == 2
          && !first.ascending()
          && scope.order.getLast().ascending()) {
        walkStarts(scope, before);
      } else {
        walkValues(scope, before);
      }
    }

    /// The part of the filter with the fewest candidates, if they are no more than this.
    private @Nullable Filter smallest(Filter filter, int most) {
      Filter smallest = null;
      int fewest = most + 1;
      var parts = new ArrayList<>(filter.conjuncts());
      if (query.view() == View.DELETED_ONLY) {
        parts.add(RunFields.DELETED);
      }
      for (var part : parts) {
        int count = count(part, most);
        if (count < fewest) {
          fewest = count;
          smallest = part;
        }
      }
      return smallest;
    }

    private int count(Filter part, int most) {
      var known = counts.get(part);
      if (known != null && (known > most || known <= limits.few)) {
        return known;
      }
      var bindings = new Bindings();
      var candidates = RunFields.candidates(part, bindings);
      int count =
          candidates.isEmpty()
              ? Integer.MAX_VALUE
              : query(
                      "select count(*) from (%s limit %d) c"
                          .formatted(candidates.get().sql(), most + 1),
                      bindings)
                  .mapTo(Integer.class)
                  .one();
      counts.put(part, count);
      return count;
    }

    /// All parts of which an index knows that they are few as well are intersected with the driver:
    /// that reads neighbours in indexes, where a look at each candidate reads a page here and
    /// there.
    private void fromCandidates(Scope scope, Filter driver, int most) {
      var bindings = new Bindings();
      var first = RunFields.candidates(driver, bindings).orElseThrow();
      var runs = new StringBuilder("select distinct run from (%s) d".formatted(first.sql()));
      var rest = new ArrayList<Filter>();
      for (var part : scope.filter.conjuncts()) {
        boolean exact = part.equals(driver) && first.exact();
        if (!part.equals(driver) && counts.getOrDefault(part, Integer.MAX_VALUE) <= most) {
          var further = RunFields.candidates(part, bindings).orElseThrow();
          runs.append(" intersect select run from (%s) d".formatted(further.sql()));
          exact = further.exact();
        }
        if (!exact) {
          rest.add(part);
        }
      }
      page(scope, runs.toString(), new Filter.And(rest), bindings);
    }

    /// Appends the next of these runs in the scope's order.
    private void page(Scope scope, String runs, Filter filter, Bindings bindings) {
      var keys = scope.order;
      var columns = new ArrayList<String>();
      for (int i = 0; i < keys.size(); i++) {
        var source = RunFields.lookup(keys.get(i).field(), bindings);
        columns.add(
            source.rows().isEmpty()
                ? "%s as k%d".formatted(source.value(), i)
                : "(select %s from %s) as k%d".formatted(source.value(), source.rows(), i));
      }
      var sql =
          """
          select id, number, %s from (
            select r.id, r.number, %s from (%s) c join tracker.run r on r.number = c.run
            where r.experiment_id = any(:experiments) and %s and %s offset 0) x
          where %s order by %s limit %d
          """
              .formatted(
                  IntStream.range(0, keys.size())
                      .mapToObj(i -> "k" + i + "::text")
                      .collect(joining(", ")),
                  String.join(", ", columns),
                  runs,
                  view(),
                  SqlFilter.compile(filter, RunFields::lookup, bindings),
                  after(scope, bindings),
                  orderBy(keys),
                  missing());
      append(scope, query(sql, bindings));
    }

    /// One statement for PostgreSQL's own plan.
    private void everything(Scope scope) {
      var bindings = new Bindings();
      var keys = scope.order;
      var columns = new ArrayList<String>();
      var joins = new StringBuilder();
      for (int i = 0; i < keys.size(); i++) {
        var field = keys.get(i).field();
        if (field.entity() == Entity.ATTRIBUTE) {
          columns.add("%s as k%d".formatted(RunFields.lookup(field, bindings).value(), i));
        } else {
          columns.add("o%d.value as k%d".formatted(i, i));
          joins.append(
              " left join (%s) o%d on o%d.run = r.number"
                  .formatted(RunFields.all(field, bindings), i, i));
        }
      }
      var sql =
          """
          select id, number, %s from (
            select r.id, r.number, %s from tracker.run r%s
            where r.experiment_id = any(:experiments) and %s and %s) x
          where %s order by %s limit %d
          """
              .formatted(
                  IntStream.range(0, keys.size())
                      .mapToObj(i -> "k" + i + "::text")
                      .collect(joining(", ")),
                  String.join(", ", columns),
                  joins,
                  view(),
                  SqlFilter.compile(scope.filter, RunFields::set, bindings),
                  after(scope, bindings),
                  orderBy(keys),
                  missing());
      append(scope, query(sql, bindings));
    }

    private void append(Scope scope, Query found) {
      found
          .map((row, context) -> {
            var key = new ArrayList<@Nullable String>(scope.fixed);
            for (int i = 0; i < scope.order.size(); i++) {
              key.add(row.getString(3 + i));
            }
            return new Row(new Found(row.getString(1), row.getLong(2)), key);
          })
          .forEach(rows::add);
    }

    private String view() {
      return switch (query.view()) {
        case ACTIVE_ONLY -> "r.deleted_at is null";
        case DELETED_ONLY -> "r.deleted_at is not null";
        case ALL -> "true";
      };
    }

    /// Numbers before NaN before nothing, whatever the direction. A bare `k0` would be the text
    /// that is answered.
    private static String rank(OrderBy key, int i) {
      return RunFields.type(key.field()) == Type.NUMBER
          ? "case when x.k%1$d is null then 2 when x.k%1$d = 'NaN' then 1 else 0 end".formatted(i)
          : "case when x.k%d is null then 2 else 0 end".formatted(i);
    }

    private static String orderBy(List<OrderBy> keys) {
      return IntStream.range(0, keys.size())
          .mapToObj(i ->
              "%s, x.k%d%s"
                  .formatted(rank(keys.get(i), i), i, keys.get(i).ascending() ? "" : " desc"))
          .collect(joining(", "));
    }

    /// The condition that a row with keys `k0`, `k1`, … comes behind where the scope begins.
    private static String after(Scope scope, Bindings bindings) {
      if (scope.after == null) {
        return "true";
      }
      var alternatives = new ArrayList<String>();
      var equal = new StringBuilder();
      for (int i = 0; i < scope.order.size(); i++) {
        var key = scope.order.get(i);
        var value = scope.after.get(i);
        int rank = rank(key, value);
        var later = "%s > %d".formatted(rank(key, i), rank);
        var same = "%s = %d".formatted(rank(key, i), rank);
        if (value != null && rank == 0) {
          var bound = typed(RunFields.type(key.field()), value, bindings);
          var sign = key.ascending() ? ">" : "<";
          later += " or (%s and x.k%d %s %s)".formatted(same, i, sign, bound);
          same += " and x.k%d = %s".formatted(i, bound);
        }
        alternatives.add("(%s(%s))".formatted(equal, later));
        equal.append("%s and ".formatted(same));
      }
      return alternatives.stream().collect(joining(" or ", "(", ")"));
    }

    private static int rank(OrderBy key, @Nullable String value) {
      return value == null
          ? 2
          : value.equals("NaN") && RunFields.type(key.field()) == Type.NUMBER ? 1 : 0;
    }

    private static String typed(Type type, String value, Bindings bindings) {
      var name =
          switch (type) {
            case TEXT, VALUE -> "text";
            case NUMBER -> "double precision";
            case TIME -> "timestamptz";
          };
      return "cast(%s as %s)".formatted(bindings.add(value), name);
    }

    private record Entry(long run, @Nullable String value) {
      static Entry of(ResultSet row) throws SQLException {
        return new Entry(row.getLong(1), row.getString(2));
      }
    }

    /// Newest start first, then by id: the index has this order to the end.
    private void walkStarts(Scope scope, int before) {
      var behind = scope.after;
      for (int step = step(scope); missing() > 0; step = larger(step)) {
        var bindings = new Bindings();
        var sql =
            """
            select id, number, start_time::text, id from (%s) r where %s
            order by r.start_time desc, r.id limit %d
            """
                .formatted(
                    starts(scope, "r.*", behind, step, bindings),
                    SqlFilter.compile(scope.filter, RunFields::lookup, bindings),
                    missing());
        append(scope, query(sql, bindings));
        if (missing() == 0) {
          return;
        }
        walked += step;
        behind = last(scope, behind, step);
        if (behind == null || thoughtAgain(scope, before)) {
          return;
        }
      }
    }

    /// Where a step ends; null at the end of all.
    private @Nullable List<@Nullable String> last(
        Scope scope, @Nullable List<@Nullable String> behind, int step) {
      var bindings = new Bindings();
      return query(
              "select start_time::text, id from (%s) r offset %d"
                  .formatted(starts(scope, "r.start_time, r.id", behind, step, bindings), step - 1),
              bindings)
          .<List<@Nullable String>>map((row, context) ->
              new ArrayList<@Nullable String>(List.of(row.getString(1), row.getString(2))))
          .findOne()
          .orElse(null);
    }

    private String starts(
        Scope scope,
        String columns,
        @Nullable List<@Nullable String> behind,
        int step,
        Bindings bindings) {
      var cursor = "";
      if (behind != null) {
        cursor =
            " and r.start_time <= %1$s and (r.start_time < %1$s or r.id > %2$s)"
                .formatted(
                    typed(Type.TIME, requireNonNull(behind.get(0)), bindings),
                    bindings.add(requireNonNull(behind.get(1))));
      }
      return """
      select v.* from %s cross join lateral (
        select %s from tracker.run r where r.experiment_id = e.id and %s%s%s
        order by r.start_time desc, r.id limit %d) v
      order by v.start_time desc, v.id limit %d
      """
          .formatted(
              experiments(bindings),
              columns,
              view(),
              narrowed(scope, bindings),
              cursor,
              step,
              step);
    }

    /// With one experiment PostgreSQL sees that the rows come in order, and stops early.
    private String experiments(Bindings bindings) {
      return query.experiments().size() == 1
          ? "(select cast(%s as bigint) as id) e"
              .formatted(bindings.add(query.experiments().getFirst()))
          : "unnest(cast(:experiments as bigint[])) e(id)";
    }

    /// Along the index of the first key: runs with one value are a group, which has an order of its
    /// own.
    private void walkValues(Scope scope, int before) {
      var key = scope.order.getFirst();
      var field = key.field();
      if (RunFields.index(field, new Bindings()).isEmpty()) {
        throw new WalkTooLong();
      }
      int resumedRank = 0;
      String behind = null;
      if (scope.after != null) {
        behind = scope.after.getFirst();
        resumedRank = rank(key, behind);
        if (behind != null) {
          collect(scope.group(member(field, behind), behind, true));
        }
      }
      if (resumedRank == 0 && !walkNumbers(scope, behind, before)) {
        return;
      }
      if (resumedRank < 1
          && RunFields.type(field) == Type.NUMBER
          && !leavesOutNaN(scope.filter, field)) {
        collect(scope.group(member(field, "NaN"), "NaN", false));
      }
      if (!leavesOutMissing(scope.filter, field)) {
        collect(scope.group(new IsNull(field, false), null, resumedRank == 2));
      }
    }

    /// @return whether the index came to its end
    private boolean walkNumbers(Scope scope, @Nullable String start, int before) {
      var key = scope.order.getFirst();
      var behind = start;
      for (int step = step(scope); missing() > 0; step = larger(step)) {
        var bindings = new Bindings();
        var index = RunFields.index(key.field(), bindings).orElseThrow();
        var cursor =
            behind == null
                ? ""
                : " and %s %s %s"
                    .formatted(
                        index.value(),
                        key.ascending() ? ">" : "<",
                        typed(index.type(), behind, bindings));
        var direction = key.ascending() ? "" : " desc";
        var sql =
            """
            select run, value::text from (
              select v.* from %s cross join lateral (
                select %s as run, %s as value from %s%s%s order by value%s limit %d) v
              order by v.value%s limit %d) w order by w.value%s
            """
                .formatted(
                    experiments(bindings),
                    index.number(),
                    index.value(),
                    index.rows(),
                    narrowed(scope, bindings),
                    cursor,
                    direction,
                    step,
                    direction,
                    step,
                    direction);
        var entries = query(sql, bindings).map((row, context) -> Entry.of(row)).list();
        boolean end = entries.size() < step;
        if (entries.isEmpty()) {
          return true;
        }
        if (index.type() == Type.TEXT
            && key.field().entity() != Entity.ATTRIBUTE
            && entries.stream().anyMatch(entry -> cut(entry.value))) {
          throw new WalkTooLong();
        }
        var last = requireNonNull(entries.getLast().value);
        var complete =
            end ? entries : entries.stream().filter(entry -> !last.equals(entry.value)).toList();
        if (complete.isEmpty()) {
          // All of the step is one group: in it the next key decides.
          collect(scope.group(member(key.field(), last), last, false));
          behind = last;
        } else {
          page(
              new Scope(scope.filter, scope.order, scope.fixed, null),
              complete.stream().map(Entry::run).toList());
          behind = complete.getLast().value;
        }
        if (end) {
          return true;
        }
        if (!complete.isEmpty() && thoughtAgain(scope, before)) {
          return false;
        }
      }
      return false;
    }

    private static boolean cut(@Nullable String value) {
      return value != null
          && value.codePointCount(0, value.length()) >= RunFields.INDEXED_CHARACTERS;
    }

    private static Filter member(Field field, String value) {
      return new Compare(
          field,
          Operator.EQ,
          RunFields.type(field) == Type.NUMBER ? Double.valueOf(value) : (Object) value);
    }

    private void page(Scope scope, List<Long> runs) {
      walked += runs.size();
      var bindings = new Bindings();
      var numbers = bindings.add(runs.toArray(Long[]::new));
      page(
          scope,
          "select unnest(cast(%s as bigint[])) as run".formatted(numbers),
          scope.filter,
          bindings);
    }

    private int step(Scope scope) {
      return Math.max(
          scope.filter.conjuncts().isEmpty() ? missing() + 1 : limits.smallestStep, missing() + 1);
    }

    private int larger(int step) {
      return Math.max(step, Math.min(4 * step, limits.largestStep));
    }

    /// Judges a walk by what it found so far, and finishes the scope from candidates when that will
    /// be faster.
    private boolean thoughtAgain(Scope scope, int before) {
      if (missing() == 0 || walked < limits.sample) {
        return false;
      }
      long found = Math.max(1, rows.size() - before);
      long ahead = (long) walked * missing() / found;
      for (int most : new int[] {limits.some, limits.many}) {
        if (ahead < most / 2) {
          break;
        }
        var driver = smallest(scope.filter, most);
        if (driver != null) {
          rows.subList(before, rows.size()).clear();
          fromCandidates(scope, driver, most);
          return true;
        }
      }
      if (walked > limits.longestWalk || ahead > 4L * limits.longestWalk) {
        throw new WalkTooLong();
      }
      return false;
    }

    /// What the filter demands of the index's own value narrows the walk.
    private String narrowed(Scope scope, Bindings bindings) {
      var field = scope.order.getFirst().field();
      var index = RunFields.index(field, bindings).orElseThrow();
      var conditions = new StringBuilder();
      if (index.type() == Type.TEXT) {
        return "";
      }
      for (var part : scope.filter.conjuncts()) {
        if (part instanceof Compare(var tested, var operator, var value) && tested.equals(field)) {
          conditions
              .append(" and ")
              .append(SqlFilter.compare(index.value(), index.type(), operator, value, bindings));
        }
      }
      return conditions.toString();
    }

    private static boolean leavesOutNaN(Filter filter, Field field) {
      return filter.conjuncts().stream()
          .anyMatch(part ->
              part instanceof Compare(var tested, var operator, var value)
                  && tested.equals(field)
                  && operator != Operator.NE);
    }

    private static boolean leavesOutMissing(Filter filter, Field field) {
      return field.equals(RunQuery.START_TIME)
          || field.key().equals("run_name")
          || filter.conjuncts().stream()
              .anyMatch(part ->
                  switch (part) {
                    case Compare compare -> sameRow(compare.field(), field);
                    case In in -> sameRow(in.field(), field);
                    case IsNull isNull -> isNull.negated() && sameRow(isNull.field(), field);
                    case Filter.And and -> false;
                    case Filter.Or or -> false;
                    case Filter.Not not -> false;
                  });
    }

    private static boolean sameRow(Field one, Field other) {
      return one.entity() == other.entity() && one.key().equals(other.key());
    }

    private Query query(String sql, Bindings bindings) {
      var statement = tx.createQuery(sql).bindMap(bindings.values());
      return sql.contains(":experiments")
          ? statement.bind("experiments", query.experiments().toArray(Long[]::new))
          : statement;
    }
  }
}

package dev.pipewright.tabular.database;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// `pipewright/load@v1`: writes a table into a database, all rows or none.
///
/// Inputs: `data` (CSV, Parquet or JSON lines), `table` (with its schema before a dot where it has
/// one), `url` (see [Database]), `mode` and `key` (columns, by commas). Output: `rows`.
///
/// - `replace`: the table then has just these rows
/// - `append`: these rows are added, once, however often the task is tried in its run
/// - `upsert`: rows whose key is there are changed, the others added
///
/// A table that is not there is made: a column of whole numbers as `bigint`, or `numeric` where
/// they are larger, of other numbers as `double precision`, the rest as `text`. So is one that no
/// longer holds what is to replace its rows; rows that are added must fit.
public final class Load implements BuiltinTask {
  private static final int BATCH = 1_000;

  /// Says which loads were done, for those that must not be done twice.
  private static final String LOADS = "pipewright_loads";

  @Override
  public String uses() {
    return "pipewright/load@v1";
  }

  private enum Mode {
    REPLACE,
    APPEND,
    UPSERT
  }

  private enum Kind {
    WHOLE("bigint", Types.BIGINT, "whole numbers"),
    LONG("bigint", Types.BIGINT, "whole numbers of many digits"),
    LARGE("numeric", Types.NUMERIC, "numbers of many digits"),
    NUMBER("double precision", Types.DOUBLE, "decimals"),
    TEXT("text", Types.VARCHAR, "texts");

    final String sql;
    final int type;
    final String word;

    Kind(String sql, int type, String word) {
      this.sql = sql;
      this.type = type;
      this.word = word;
    }
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var mode = mode(context.text("mode").orElse("replace"));
    var keys = keys(context.text("key").orElse(""), mode);
    var data = Frames.of(context, "data");
    keys.forEach(key -> requireWhole(data.column(key)));
    if (mode == Mode.UPSERT) {
      requireApart(data, keys);
    }
    try (var database = Database.of(context)) {
      var connection = database.connection();
      connection.setAutoCommit(false);
      var job = new Job(context, connection, data, context.text("table").orElse(""), mode, keys);
      try {
        job.run();
        connection.commit();
      } catch (SQLException e) {
        throw database.refused("the load into " + job.table, e);
      }
      int rows = data.rows();
      context.logParam("table", job.table);
      context.logParam("database", database.shown());
      context.logDataset(context.data("data"), "input", rows);
      context.output("rows", rows);
      System.out.printf("%,d rows are in %s of %s%n", rows, job.table, database.shown());
    } catch (SQLException e) {
      throw new IOException("the connection could not be closed", e);
    }
  }

  private static Mode mode(String asked) {
    for (var mode : Mode.values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(asked)) {
        return mode;
      }
    }
    throw new ProblemException(
        ProblemCode.INPUT_INVALID,
        "the input 'mode' is '%s'; it has to be 'replace', 'append' or 'upsert'".formatted(asked),
        "Did you mean %s?".formatted(Nearest.of(asked, List.of("replace", "append", "upsert"), 1)));
  }

  private static List<String> keys(String asked, Mode mode) {
    var keys = new ArrayList<String>();
    for (var key : asked.split(",", -1)) {
      if (!key.isBlank()) {
        keys.add(key.strip());
      }
    }
    if (mode == Mode.UPSERT && keys.isEmpty()) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "'upsert' needs the input 'key'",
          "Name the columns that tell rows apart, by commas.");
    }
    return keys;
  }

  private static void requireWhole(Frame.Column key) {
    for (int row = 0; row < key.rows(); row++) {
      if (key.missing(row)) {
        throw new ProblemException(
            ProblemCode.TABLE_INVALID,
            "row %,d has nothing in '%s', which tells rows apart".formatted(row + 1, key.name()),
            "Fill it in, leave the row out, or name another key.");
      }
    }
  }

  /// Of two rows with one key a database takes the last, or neither, by where they lie.
  private static void requireApart(Frame data, List<String> keys) {
    var columns = keys.stream().map(data::column).toList();
    var rows = new HashMap<List<String>, Integer>();
    for (int row = 0; row < data.rows(); row++) {
      int at = row;
      var key = columns.stream().map(column -> column.text(at)).toList();
      var before = rows.putIfAbsent(key, row);
      if (before != null) {
        throw new ProblemException(
            ProblemCode.TABLE_INVALID,
            "rows %,d and %,d have the same %s: %s"
                .formatted(before + 1, row + 1, String.join(", ", keys), String.join(", ", key)),
            "Leave one of them out, or name a key that tells them apart.");
      }
    }
  }

  /// One load, in one transaction.
  private static final class Job {
    private final TaskContext context;
    private final Connection connection;
    private final Frame data;
    private final String table;
    private final Mode mode;
    private final List<String> keys;
    private final List<Kind> kinds = new ArrayList<>();
    private final List<Boolean> empty = new ArrayList<>();
    private final List<Integer> nulls = new ArrayList<>();
    private final String quote;

    Job(
        TaskContext context,
        Connection connection,
        Frame data,
        String table,
        Mode mode,
        List<String> keys)
        throws SQLException {
      this.context = context;
      this.connection = connection;
      this.data = data;
      this.mode = mode;
      this.keys = keys;
      this.quote = connection.getMetaData().getIdentifierQuoteString();
      this.table =
          List.of(table.split("\\.", 2)).stream()
              .map(this::quoted)
              .collect(Collectors.joining("."));
      for (int i = 0; i < data.columns().size(); i++) {
        var column = data.column(i);
        empty.add(IntStream.range(0, column.rows()).allMatch(column::missing));
        kinds.add(empty.get(i) ? Kind.TEXT : kind(column));
      }
    }

    void run() throws SQLException, InterruptedException {
      if (mode == Mode.APPEND && doneBefore()) {
        System.out.println("An earlier attempt loaded them");
        return;
      }
      var there = columns();
      if (mode == Mode.REPLACE
          && there != null
          && !List.copyOf(there.keySet()).equals(data.columns())) {
        execute("drop table " + table);
        there = null;
      }
      if (there == null) {
        execute(create());
      } else {
        if (mode == Mode.REPLACE) {
          execute("delete from " + table);
          widen(there);
        }
        requireColumns(there);
      }
      for (int i = 0; i < kinds.size(); i++) {
        var type = there == null ? null : there.get(data.columns().get(i));
        // A column without any cell says nothing of its type.
        nulls.add(empty.get(i) && type != null ? type.type() : kinds.get(i).type);
      }
      try (var insert = connection.prepareStatement(insert())) {
        for (int row = 0; row < data.rows(); row++) {
          set(insert, row);
          insert.addBatch();
          if ((row + 1) % BATCH == 0) {
            insert.executeBatch();
            if (context.cancelled()) {
              throw new InterruptedException("stopped as asked; nothing was changed");
            }
            if ((row + 1) % (20 * BATCH) == 0) {
              context.logMetric("rows", 0, row + 1);
            }
          }
        }
        insert.executeBatch();
      }
      context.logMetric("rows", 0, data.rows());
    }

    /// Notes that this task of this run has loaded; false the first time.
    private boolean doneBefore() throws SQLException {
      execute(
          "create table if not exists %s (run varchar(100), task varchar(500), primary key (run, task))"
              .formatted(quoted(LOADS)));
      var launch = context.launch();
      try (var find =
          connection.prepareStatement(
              "select 1 from %s where run = ? and task = ?".formatted(quoted(LOADS)))) {
        find.setString(1, launch.pipelineRunId());
        find.setString(2, launch.task());
        try (var found = find.executeQuery()) {
          if (found.next()) {
            return true;
          }
        }
      }
      try (var note =
          connection.prepareStatement("insert into %s values (?, ?)".formatted(quoted(LOADS)))) {
        note.setString(1, launch.pipelineRunId());
        note.setString(2, launch.task());
        note.executeUpdate();
      }
      return false;
    }

    /// What a column of the database holds.
    ///
    /// @param type of [Types]
    /// @param name as the database calls it
    /// @param whole whether it holds whole numbers only
    private record Type(int type, String name, boolean whole) {
      static Type of(ResultSetMetaData head, int column) throws SQLException {
        int type = head.getColumnType(column);
        boolean whole =
            switch (type) {
              case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT -> true;
              // Without a precision, any digits are held.
              case Types.NUMERIC, Types.DECIMAL ->
                  head.getPrecision(column) > 0 && head.getScale(column) == 0;
              default -> false;
            };
        return new Type(type, head.getColumnTypeName(column), whole);
      }

      /// Whether it takes cells of this kind as they are. A database would round decimals to whole
      /// numbers without a word. Of types that are no numbers, it knows better.
      ///
      /// @param largest of the whole numbers, by size
      boolean holds(Kind kind, double largest) {
        boolean wholes = kind == Kind.WHOLE || kind == Kind.LONG;
        return switch (type) {
          case Types.TINYINT -> wholes && largest <= Byte.MAX_VALUE;
          case Types.SMALLINT -> wholes && largest <= Short.MAX_VALUE;
          case Types.INTEGER -> wholes && largest <= Integer.MAX_VALUE;
          case Types.BIGINT -> wholes;
          case Types.REAL, Types.FLOAT, Types.DOUBLE -> kind == Kind.WHOLE || kind == Kind.NUMBER;
          case Types.NUMERIC, Types.DECIMAL -> whole ? wholes : kind != Kind.TEXT;
          default -> true;
        };
      }
    }

    /// Makes room in columns of numbers that are too narrow, now that they are empty. Keys, indexes
    /// and grants stay, which a table made anew would not have.
    private void widen(Map<String, Type> there) throws SQLException {
      if (!connection.getMetaData().getDatabaseProductName().equals("PostgreSQL")) {
        return;
      }
      for (int i = 0; i < kinds.size(); i++) {
        var name = data.columns().get(i);
        var kind = kinds.get(i);
        var type = there.get(name);
        boolean numbers = kind != Kind.TEXT || text(i).isEmpty();
        if (type != null && numbers && !empty.get(i) && !holds(type, i)) {
          execute(
              "alter table %1$s alter column %2$s type %3$s using %2$s::%3$s"
                  .formatted(table, quoted(name), kind.sql));
          System.out.printf("The column '%s' was %s and is %s now%n", name, type.name(), kind.sql);
          there.put(name, new Type(kind.type, kind.sql, kind.type == Types.BIGINT));
        }
      }
    }

    private boolean holds(Type type, int column) {
      var cells = data.column(column);
      double largest =
          IntStream.range(0, cells.rows())
              .mapToDouble(row -> Math.abs(cells.number(row)))
              .filter(Double::isFinite)
              .max()
              .orElse(0);
      return type.holds(kinds.get(column), largest);
    }

    /// The first column whose cells the table's column does not hold; -1 for none.
    private int unfit(Map<String, Type> there) {
      for (int i = 0; i < kinds.size(); i++) {
        var type = there.get(data.columns().get(i));
        if (type != null && !empty.get(i) && !holds(type, i)) {
          return i;
        }
      }
      return -1;
    }

    /// The table's columns; null when it is not there.
    private @Nullable Map<String, Type> columns() throws SQLException {
      // A table that is not there is an error, after which PostgreSQL goes on only from here.
      var here = connection.setSavepoint();
      try (var statement = connection.createStatement();
          var found = statement.executeQuery("select * from %s where 1 = 0".formatted(table))) {
        var columns = new LinkedHashMap<String, Type>();
        var head = found.getMetaData();
        for (int i = 1; i <= head.getColumnCount(); i++) {
          columns.put(head.getColumnName(i), Type.of(head, i));
        }
        return columns;
      } catch (SQLException e) {
        // 42P01 is PostgreSQL's, 42S02 the standard's.
        if (!List.of("42P01", "42S02").contains(String.valueOf(e.getSQLState()))) {
          throw e;
        }
        connection.rollback(here);
        return null;
      }
    }

    private void requireColumns(Map<String, Type> there) {
      var missing = data.columns().stream().filter(column -> !there.containsKey(column)).toList();
      if (!missing.isEmpty()) {
        throw new ProblemException(
            ProblemCode.COLUMN_NOT_FOUND,
            "the table %s has no column %s".formatted(table, String.join(", ", missing)),
            "Add it there, leave it out, or choose the mode 'replace'. The table has %s."
                .formatted(String.join(", ", there.keySet())));
      }
      int unfit = unfit(there);
      if (unfit >= 0) {
        var column = data.columns().get(unfit);
        var kind = kinds.get(unfit);
        throw new ProblemException(
            ProblemCode.TABLE_INVALID,
            "the column '%s' of %s is %s, and the data have %s in it%s"
                .formatted(column, table, there.get(column).name(), kind.word, text(unfit)),
            "Change its type there (alter table %s alter column %s type %s), or the data."
                .formatted(table, quoted(column), kind.sql));
      }
    }

    /// The first text of a column and where it is; nothing where there is none.
    private String text(int column) {
      var cells = data.column(column);
      return IntStream.range(0, cells.rows())
          .filter(row -> cells.code(row) >= 0)
          .mapToObj(row -> ": row %,d has '%s'".formatted(row + 1, cells.text(row)))
          .findFirst()
          .orElse("");
    }

    private String create() {
      var columns = new ArrayList<String>();
      for (int i = 0; i < kinds.size(); i++) {
        columns.add(quoted(data.columns().get(i)) + " " + kinds.get(i).sql);
      }
      if (!keys.isEmpty()) {
        columns.add("primary key (%s)".formatted(list(keys)));
      }
      return "create table %s (%s)".formatted(table, String.join(", ", columns));
    }

    private String insert() {
      var insert =
          "insert into %s (%s) values (%s)"
              .formatted(
                  table,
                  list(data.columns()),
                  data.columns().stream().map(_ -> "?").collect(Collectors.joining(", ")));
      if (mode != Mode.UPSERT) {
        return insert;
      }
      var rest = data.columns().stream().filter(column -> !keys.contains(column)).toList();
      var change =
          rest.isEmpty()
              ? "nothing"
              : "update set "
                  + rest.stream()
                      .map(column -> "%1$s = excluded.%1$s".formatted(quoted(column)))
                      .collect(Collectors.joining(", "));
      return "%s on conflict (%s) do %s".formatted(insert, list(keys), change);
    }

    private String list(List<String> columns) {
      return columns.stream().map(this::quoted).collect(Collectors.joining(", "));
    }

    private String quoted(String name) {
      return quote + name.replace(quote, quote + quote) + quote;
    }

    private void set(PreparedStatement insert, int row) throws SQLException {
      for (int i = 0; i < kinds.size(); i++) {
        var column = data.column(i);
        var kind = kinds.get(i);
        if (column.missing(row)) {
          insert.setNull(i + 1, nulls.get(i));
        } else {
          switch (kind) {
            case WHOLE -> insert.setLong(i + 1, (long) column.number(row));
            case LONG -> insert.setLong(i + 1, new BigDecimal(column.text(row)).longValueExact());
            case LARGE -> insert.setBigDecimal(i + 1, new BigDecimal(column.text(row)));
            case NUMBER -> insert.setDouble(i + 1, column.number(row));
            case TEXT -> insert.setString(i + 1, column.text(row));
          }
        }
      }
    }

    private void execute(String sql) throws SQLException {
      try (var statement = connection.createStatement()) {
        statement.execute(sql);
      }
    }

    private static Kind kind(Frame.Column column) {
      boolean decimals = false;
      boolean endless = false;
      boolean digits = false;
      boolean beyond = false;
      for (int row = 0; row < column.rows(); row++) {
        if (column.missing(row)) {
          continue;
        }
        if (column.code(row) >= 0) {
          return Kind.TEXT;
        }
        double number = column.number(row);
        if (column.byDigits(row)) {
          digits = true;
          beyond |= new BigInteger(column.text(row)).bitLength() >= Long.SIZE;
        } else {
          endless |= Double.isInfinite(number);
          decimals |= !Cells.whole(number) || Math.abs(number) >= 1L << 53;
        }
      }
      if (!digits) {
        return decimals ? Kind.NUMBER : Kind.WHOLE;
      }
      // No type of numbers has both all digits and an infinity.
      return endless ? Kind.TEXT : beyond || decimals ? Kind.LARGE : Kind.LONG;
    }
  }
}

package dev.pipewright.tabular.database;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.RowWriter;
import dev.pipewright.tabular.data.RowWriter.Kind;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// `pipewright/query@v1`: what a query of a database finds, as a table. Rows are written as they
/// come, so there may be more of them than the memory holds; the query sees one state of the
/// database and may not change it.
///
/// Inputs: `query`, `url` (see [Database]) and `format` (`parquet` or `csv`). Outputs: `table`
/// (dataset) and `rows`. Numbers stay numbers, times become ISO texts in UTC, what is null or
/// endless is a missing cell.
public final class Query implements BuiltinTask {
  private static final int AT_ONCE = 5_000;
  private static final long WATCH_MILLIS = 200;

  @Override
  public String uses() {
    return "pipewright/query@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var query = context.text("query").orElse("");
    boolean parquet = RowWriter.parquet(context, true);
    context.logParam("query", query);
    try (var database = Database.of(context)) {
      context.logParam("database", database.shown());
      var connection = database.connection();
      // Else PostgreSQL sends all rows at once.
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      try (var statement = connection.createStatement()) {
        statement.setFetchSize(AT_ONCE);
        var watch = Thread.ofVirtual().start(() -> watch(context, statement));
        try (var found = statement.executeQuery(query)) {
          var file = context.outputs().resolve("table." + (parquet ? "parquet" : "csv"));
          long rows = write(context, found, file, parquet);
          context.output("rows", rows);
          System.out.printf("The query found %,d rows in %s%n", rows, database.shown());
        } finally {
          watch.interrupt();
        }
      } catch (SQLException e) {
        if (context.cancelled()) {
          throw stopped();
        }
        throw database.refused("the query", e);
      }
    } catch (SQLException e) {
      throw new IOException("the connection could not be closed", e);
    }
  }

  /// Ends the query when the task is to stop: a database may think for hours before the first row.
  private static void watch(TaskContext context, Statement statement) {
    try {
      while (!context.cancelled()) {
        Thread.sleep(WATCH_MILLIS);
      }
      statement.cancel();
    } catch (InterruptedException _) {
      // The query ended by itself.
    } catch (SQLException e) {
      System.err.println("The query could not be stopped: " + e.getMessage());
    }
  }

  /// A table without its last rows is nobody's.
  private static InterruptedException stopped() {
    return new InterruptedException("stopped as asked");
  }

  private static long write(
      TaskContext context, ResultSet found, java.nio.file.Path file, boolean parquet)
      throws SQLException, IOException, InterruptedException {
    var head = found.getMetaData();
    var kinds = new ArrayList<Kind>();
    for (int i = 1; i <= head.getColumnCount(); i++) {
      kinds.add(kind(head.getColumnType(i)));
    }
    long rows = 0;
    try (var out = RowWriter.to(file, parquet)) {
      out.begin(names(head), kinds);
      while (found.next()) {
        if (context.cancelled()) {
          throw stopped();
        }
        var cells = new ArrayList<Object>(kinds.size());
        for (int i = 0; i < kinds.size(); i++) {
          cells.add(cell(found, i + 1, kinds.get(i), head.getColumnType(i + 1)));
        }
        out.row(cells);
        if (++rows % (20L * AT_ONCE) == 0) {
          context.logMetric("rows", 0, rows);
        }
      }
    }
    context.logMetric("rows", 0, rows);
    return rows;
  }

  /// A table's columns have names, each its own.
  private static List<String> names(ResultSetMetaData head) throws SQLException {
    var names = new ArrayList<String>();
    var taken = new HashSet<String>();
    for (int i = 1; i <= head.getColumnCount(); i++) {
      var name = head.getColumnLabel(i);
      if (!taken.add(name)) {
        throw new ProblemException(
            ProblemCode.INPUT_INVALID,
            "the query finds two columns called '%s'".formatted(name),
            "Name one of them with AS.");
      }
      names.add(name);
    }
    return names;
  }

  private static Kind kind(int type) {
    return switch (type) {
      case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT -> Kind.WHOLE;
      case Types.REAL, Types.FLOAT, Types.DOUBLE, Types.DECIMAL, Types.NUMERIC -> Kind.NUMBER;
      default -> Kind.TEXT;
    };
  }

  private static Object cell(ResultSet found, int at, Kind kind, int type) throws SQLException {
    Object cell =
        switch (kind) {
          case WHOLE -> found.getLong(at);
          case NUMBER -> found.getDouble(at);
          case TEXT -> text(found, at, type);
        };
    // Not a number is no number either.
    boolean missing =
        found.wasNull() || (cell instanceof Double number && !Double.isFinite(number));
    return missing ? "" : cell;
  }

  private static String text(ResultSet found, int at, int type) throws SQLException {
    if (type == Types.BIT || type == Types.BOOLEAN) {
      return Boolean.toString(found.getBoolean(at));
    }
    if (type == Types.TIMESTAMP || type == Types.TIMESTAMP_WITH_TIMEZONE) {
      var zoned = found.getMetaData().getColumnTypeName(at).toLowerCase(java.util.Locale.ROOT);
      if (zoned.endsWith("tz") || zoned.contains("with time zone")) {
        var time = found.getObject(at, OffsetDateTime.class);
        // What is endless comes as the last time that Java knows, which has no other zone.
        return time == null || time.equals(OffsetDateTime.MAX) || time.equals(OffsetDateTime.MIN)
            ? ""
            : time.withOffsetSameInstant(ZoneOffset.UTC).toString();
      }
      var time = found.getObject(at, LocalDateTime.class);
      return time == null || time.equals(LocalDateTime.MAX) || time.equals(LocalDateTime.MIN)
          ? ""
          : time.toString();
    }
    var text = found.getString(at);
    return text == null || (type == Types.DATE && Cells.missing(text)) ? "" : text;
  }
}

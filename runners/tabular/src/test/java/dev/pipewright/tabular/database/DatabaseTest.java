package dev.pipewright.tabular.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseTest {
  @TempDir Path folder;
  private String url;
  private int contexts;

  @BeforeEach
  void empty() {
    url = TestPostgres.shared().newDatabase();
  }

  private void sql(String... statements) throws SQLException {
    try (var connection = DriverManager.getConnection(url);
        var statement = connection.createStatement()) {
      for (var each : statements) {
        statement.execute(each);
      }
    }
  }

  private FakeContext context(Object... inputs) throws Exception {
    var context = new FakeContext(folder.resolve("task" + contexts++));
    context.env.put("DATABASE_URL", url);
    for (int i = 0; i < inputs.length; i += 2) {
      context.with((String) inputs[i], inputs[i + 1]);
    }
    return context;
  }

  private Frame query(String query, String format) throws Exception {
    var context = context("query", query, "format", format);
    new Query().run(context);
    return Frames.read(context.outputs().resolve("table." + format), "table");
  }

  private static List<String> rows(Frame frame) {
    return IntStream.range(0, frame.rows())
        .mapToObj(row ->
            String.join(
                "|",
                IntStream.range(0, frame.columns().size())
                    .mapToObj(column -> frame.column(column).text(row))
                    .toList()))
        .toList();
  }

  private Path csv(String text) throws Exception {
    return Files.writeString(folder.resolve("data" + contexts++ + ".csv"), text);
  }

  private void load(String csv, String table, String mode, String key) throws Exception {
    new Load().run(context("data", csv(csv), "table", table, "mode", mode, "key", key));
  }

  @ParameterizedTest
  @ValueSource(strings = {"csv", "parquet"})
  void everyTypeOfSqlHasItsCell(String format) throws Exception {
    var frame =
        query(
            """
            select 7 as whole, 2147483648::bigint as big, 0.5::numeric as decimal, 1.25::real as number,
              true as yes, 'a, "b"' as text, date '2024-02-29' as day, timestamp '2024-02-29 12:30:15' as time,
              timestamptz '2024-02-29 12:30+02' as zoned, null::int as nothing, null::text as none, 'nan'::float as nan
            union all select null, null, null, null, null, null, null, null, null, 1, 'x', 1
            """,
            format);
    assertThat(rows(frame))
        .containsExactly(
            "7|2147483648|0.5|1.25|true|a, \"b\"|2024-02-29|2024-02-29T12:30:15|2024-02-29T10:30Z|||",
            "|||||||||1|x|1");
  }

  @Test
  void manyRowsAreNotHeldAtOnce() throws Exception {
    var frame = query("select i, i % 7 as seventh from generate_series(1, 60000) i", "parquet");
    assertThat(frame.rows()).isEqualTo(60_000);
    assertThat(frame.column("seventh").number(59_999)).isEqualTo(60_000 % 7);
  }

  /// While it sends rows, and while it thinks.
  @ParameterizedTest
  @ValueSource(strings = {"select i from generate_series(1, 60000) i", "select pg_sleep(60)"})
  void aQueryThatIsStoppedHasNoTable(String query) throws Exception {
    var context = context("query", query);
    context.patience = 3;
    assertThatThrownBy(() -> new Query().run(context)).isInstanceOf(InterruptedException.class);
    assertThat(context.outputs).isEmpty();
  }

  /// As in spring, when an hour is left out, there is no such time where the runner is.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "timestamp '2024-03-31 02:30:00' | 2024-03-31T02:30",
        "timestamp 'infinity' | ''",
        "timestamp '-infinity' | ''",
        "timestamptz 'infinity' | ''",
        "timestamptz '-infinity' | ''",
        "date 'infinity' | ''",
      })
  void timesAreThoseOfTheDatabase(String time, String text) throws Exception {
    var zone = TimeZone.getDefault();
    TimeZone.setDefault(TimeZone.getTimeZone("Europe/Berlin"));
    try {
      assertThat(rows(query("select 1 as a, " + time + " as b", "csv")))
          .containsExactly("1|" + text);
    } finally {
      TimeZone.setDefault(zone);
    }
  }

  @Test
  void aQueryMayNotChangeAnything() throws Exception {
    sql("create table kept (a int)", "insert into kept values (1)");
    assertThatThrownBy(() -> query("delete from kept returning a", "csv"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("DATABASE_REFUSED")
        .hasMessageContaining("read-only");
    assertThat(rows(query("select a from kept", "csv"))).containsExactly("1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "select nothing from nowhere; DATABASE_REFUSED; nowhere",
        "select 1 as a, 2 as a; INPUT_INVALID; two columns called 'a'",
        "selec 1; DATABASE_REFUSED; syntax error",
      })
  void aQueryThatCannotBeSaysWhy(String query, String code, String part) {
    assertThatThrownBy(() -> query(query, "csv"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining(code)
        .hasMessageContaining(part);
  }

  @Test
  void aTableIsMadeWithFittingTypes() throws Exception {
    load("id,amount,name\n1,2.5,anna\n2,,\"o'neil\"\n3,4,\n", "sales", "replace", "id");
    assertThat(
            rows(
                query(
                    "select column_name, data_type from information_schema.columns"
                        + " where table_name = 'sales' order by ordinal_position",
                    "csv")))
        .containsExactly("id|bigint", "amount|double precision", "name|text");
    assertThat(rows(query("select * from sales order by id", "csv")))
        .containsExactly("1|2.5|anna", "2||o'neil", "3|4|");
  }

  @Test
  void replacingLeavesJustTheNewRowsEvenOfOtherColumns() throws Exception {
    load("a\n1\n2\n", "t", "replace", "");
    load("a\n3\n", "t", "replace", "");
    assertThat(rows(query("select * from t", "csv"))).containsExactly("3");
    load("b,c\nx,4\n", "t", "replace", "");
    assertThat(rows(query("select * from t", "csv"))).containsExactly("x|4");
  }

  private List<String> types(String table) throws Exception {
    return rows(
        query(
            "select column_name, data_type from information_schema.columns where table_name = '%s'"
                    .formatted(table)
                + " order by ordinal_position",
            "csv"));
  }

  /// What each day's file holds, one after the other, and what the table is and holds then.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1;2   | 1.5;2   | double precision | 1.5;2",
        "1.5;2 | 1;2     | double precision | 1;2",
        ";     | 1.5;    | text             | 1.5;",
        "1;2   | ;       | bigint           | ;",
        "a;b   | 1;2     | text             | 1;2",
      })
  void replacingChangesTypesThatDoNotHoldTheNewRows(
      String first, String then, String type, String held) throws Exception {
    for (var day : new String[] {first, then}) {
      var cells = day.split(";", -1);
      load("id,price\n1,%s\n2,%s\n".formatted(cells[0], cells[1]), "t", "replace", "");
    }
    assertThat(types("t")).containsExactly("id|bigint", "price|" + type);
    var cells = held.split(";", -1);
    assertThat(rows(query("select id, price from t order by id", "csv")))
        .containsExactly("1|" + cells[0], "2|" + cells[1]);
  }

  /// Types of one's own that hold the rows are kept, and with them all else that one has set.
  @Test
  void replacingKeepsATableThatHoldsTheNewRows() throws Exception {
    sql("create table t (id int primary key, price numeric(10, 2), at date, note varchar(9))");
    load("id,price,at,note\n1,1.5,,7\n2,2,,\n", "t", "replace", "");
    assertThat(types("t"))
        .containsExactly("id|integer", "price|numeric", "at|date", "note|character varying");
    assertThat(rows(query("select * from t order by id", "csv")))
        .containsExactly("1|1.5||7", "2|2||");
  }

  /// A stray text is rather an error of one day than the end of a column of numbers.
  @Test
  void replacingRefusesTextsInAColumnOfNumbersAndLeavesTheRows() throws Exception {
    load("id,price\n1,1.5\n", "t", "replace", "");
    assertThatThrownBy(() -> load("id,price\n1,2.5\n2,n/a!\n", "t", "replace", ""))
        .hasMessageContaining(
            "'price' of \"t\" is float8, and the data have texts in it: row 2 has 'n/a!'");
    assertThat(rows(query("select * from t", "csv"))).containsExactly("1|1.5");
  }

  /// What one has set stays where a column becomes wider.
  @Test
  void replacingWidensColumnsThatAreTooNarrow() throws Exception {
    sql(
        "create table t (id int primary key, price numeric(10, 0) not null)",
        "create index prices on t (price)");
    load("id,price\n1,1.5\n3000000000,2\n", "t", "replace", "");
    assertThat(types("t")).containsExactly("id|bigint", "price|double precision");
    assertThat(rows(query("select * from t order by id", "csv")))
        .containsExactly("1|1.5", "3000000000|2");
    assertThat(
            rows(query("select indexname from pg_indexes where tablename = 't' order by 1", "csv")))
        .containsExactly("prices", "t_pkey");
  }

  @ParameterizedTest
  @ValueSource(strings = {"append", "upsert"})
  void decimalsAreNotRoundedIntoWholeNumbers(String mode) throws Exception {
    load("id,price\n1,1\n", "t", "upsert", "id");
    assertThatThrownBy(() -> load("id,price\n2,1.5\n", "t", mode, "id"))
        .isInstanceOfSatisfying(
            ProblemException.class,
            problem -> {
              assertThat(problem)
                  .hasMessageContaining(
                      "TABLE_INVALID: the column 'price' of \"t\" is int8, and the data have decimals"
                          + " in it");
              assertThat(problem.problem().remedy())
                  .contains("alter table \"t\" alter column \"price\" type double precision");
            });
    assertThat(rows(query("select * from t", "csv"))).containsExactly("1|1");
    load("id,price\n2,\n3,4\n", "t", mode, "id");
    assertThat(rows(query("select * from t order by id", "csv")))
        .containsExactly("1|1", "2|", "3|4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1234567890123456788;1234567890123456789 | bigint",
        "7;-9007199254740993                     | bigint",
        "9223372036854775807;9223372036854775808 | numeric",
        "1.5;9007199254740993                    | numeric",
        "1e20;9007199254740993                   | numeric",
        "1e20;7                                  | double precision",
        "inf;9007199254740993                    | text",
      })
  void noDigitOfAWholeNumberIsLost(String cells, String type) throws Exception {
    var both = cells.split(";", -1);
    load("id\n%s\n%s\n".formatted(both[0], both[1]), "t", "replace", "");
    assertThat(types("t")).containsExactly("id|" + type);
    for (var format : new String[] {"csv", "parquet"}) {
      var found = rows(query("select id::text as id from t", "csv"));
      if (type.equals("bigint")) {
        found = rows(query("select id from t", format));
      }
      assertThat(found).hasSize(2).contains(both[1]);
    }
    // What an earlier load made of such a column.
    sql("drop table t", "create table t (id double precision)");
    load("id\n%s\n%s\n".formatted(both[0], both[1]), "t", "replace", "");
    assertThat(types("t")).containsExactly("id|" + type);
  }

  @Test
  void upsertChangesWhatIsThereAndAddsTheRest() throws Exception {
    load("id,v\n1,one\n2,two\n", "t", "upsert", "id");
    load("id,v\n2,TWO\n3,three\n", "t", "upsert", "id");
    assertThat(rows(query("select * from t order by id", "csv")))
        .containsExactly("1|one", "2|TWO", "3|three");
  }

  @Test
  void appendingIsDoneOnceForEachTaskOfARun() throws Exception {
    var data = csv("a\n1\n2\n");
    for (int attempt = 0; attempt < 2; attempt++) {
      new Load().run(context("data", data, "table", "t", "mode", "append"));
    }
    assertThat(rows(query("select count(*) as n from t", "csv"))).containsExactly("2");
    var other = context("data", data, "table", "t", "mode", "append");
    other.pipelineRun = "another";
    new Load().run(other);
    assertThat(rows(query("select count(*) as n from t", "csv"))).containsExactly("4");
  }

  @Test
  void aSchemaAndOddNamesAreQuoted() throws Exception {
    sql("create schema mart");
    load("\"a \"\"b\"\"; drop\",select\n1,2\n", "mart.order", "replace", "");
    assertThat(rows(query("select * from mart.\"order\"", "csv"))).containsExactly("1|2");
  }

  @Test
  void whatFailsHalfWayChangesNothing() throws Exception {
    load("id,v\n1,1\n", "t", "upsert", "id");
    var twice = new ArrayList<>(List.of("id,v"));
    IntStream.range(10, 3_000).forEach(i -> twice.add(i + "," + i));
    sql("alter table t add check (v < 2500)");
    assertThatThrownBy(() -> load(String.join("\n", twice) + "\n", "t", "upsert", "id"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("DATABASE_REFUSED")
        .hasMessageContaining("t_v_check");
    assertThat(rows(query("select * from t", "csv"))).containsExactly("1|1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "id,v\\n1,1; t; upset; id; INPUT_INVALID; 'upsert'",
        "id,v\\n1,1; t; upsert; ''; INPUT_MISSING; 'key'",
        "id,v\\n1,1; t; upsert; it; COLUMN_NOT_FOUND; id",
        "id,v\\n,1\\n2,2; t; upsert; id; TABLE_INVALID; row 1",
        "id,v\\n1,1\\n2,2\\n1,3; t; upsert; id; TABLE_INVALID; rows 1 and 3 have the same id: 1",
        "a,b\\n1,x\\n1,y\\n1,x; t; upsert; 'a,b'; TABLE_INVALID; 'rows 1 and 3 have the same a, b: 1, x'",
        "id,v,w\\n1,1,1; there; append; ''; COLUMN_NOT_FOUND; no column w",
        "id\\n1; nowhere.t; replace; ''; DATABASE_REFUSED; nowhere",
      })
  void aLoadThatCannotBeSaysWhy(
      String csv, String table, String mode, String key, String code, String part)
      throws Exception {
    sql("create table there (id int, v int)");
    assertThatThrownBy(() -> load(csv.replace("\\n", "\n") + "\n", table, mode, key))
        .isInstanceOfSatisfying(
            ProblemException.class,
            problem -> {
              assertThat(problem).hasMessageContaining(code);
              assertThat(problem.problem().detail() + problem.problem().remedy()).contains(part);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql://me:p%40ss@db.example:6432/shop?sslmode=require,"
        + "jdbc:postgresql://db.example:6432/shop?sslmode=require,me,p@ss",
    "postgres://db/shop,jdbc:postgresql://db/shop,,",
    "jdbc:sqlserver://h;password=p@ss,jdbc:sqlserver://h;password=p@ss,,",
  })
  void addressesOfBothSorts(String given, String jdbc, String user, String password) {
    var address = Database.Address.of(given);
    assertThat(address.url()).isEqualTo(jdbc);
    assertThat(address.properties().getProperty("user")).isEqualTo(user);
    assertThat(address.properties().getProperty("password")).isEqualTo(password);
    assertThat(address.shown()).doesNotContain("p@ss", "sslmode");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "jdbc:oracle:thin:scott/tiger@host:1521/shop | jdbc:oracle:…@host:1521/shop",
        "jdbc:mysql://me:secret@db/x | jdbc:mysql:…@db/x",
        "jdbc:mysql://me:se;cr@t@db/x | jdbc:mysql:…",
        "jdbc:mysql://me:s@c?ret@db/x | jdbc:mysql:…",
        "jdbc:mysql://me:s@cret@db/x?a=b | jdbc:mysql:…@db/x",
        "jdbc:sqlserver://h:1;password=p@ss | jdbc:sqlserver:…",
        "jdbc:sqlserver://h:1;password=pass | jdbc:sqlserver://h:1",
        "jdbc:db2://h:50000/shop:password=pass;user=me; | jdbc:db2://h:50000/shop",
        "postgresql://me:s@db:6432/shop?sslmode=require | jdbc:postgresql://db:6432/shop",
        "jdbc:odd | jdbc:odd",
        "jdbc:odd@x | …@x",
      })
  void anAddressIsShownWithoutItsPassword(String given, String shown) {
    assertThat(Database.Address.of(given).shown()).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "mysql://me:secret@db/shop,INPUT_INVALID",
    "'not an address',INPUT_INVALID",
    "jdbc:nobody://db,LIBRARY_MISSING",
    "postgresql://me:secret@127.0.0.1:1/shop,DATABASE_UNREACHABLE",
  })
  void aDatabaseThatCannotBeReachedSaysWhyAndNotThePassword(String given, String code) {
    for (BuiltinTask task : new BuiltinTask[] {new Query(), new Load()}) {
      assertThatThrownBy(
              () -> {
                var context = context("query", "select 1", "data", csv("a\n1\n"), "table", "t");
                context.env.put("DATABASE_URL", given);
                task.run(context);
              })
          .isInstanceOf(ProblemException.class)
          .hasMessageContaining(code)
          .hasMessageNotContaining("secret");
    }
  }
}

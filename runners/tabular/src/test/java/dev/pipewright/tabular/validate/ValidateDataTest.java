package dev.pipewright.tabular.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.DemoData;
import dev.pipewright.tabular.FakeContext;
import dev.pipewright.tabular.data.Frames;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValidateDataTest {
  private static final Instant NOW = Instant.parse("2026-03-10T12:00:00Z");

  @TempDir Path folder;
  private Path orders;

  @BeforeEach
  void table() throws Exception {
    orders = folder.resolve("orders.csv");
    Files.writeString(
        orders,
        """
        id,customer,amount,status,start,end,email
        1,a,10.5,open,2026-03-01,2026-03-02,a@x
        2,b,-3,closed,2026-03-02,2026-03-01,b@x
        3,a,7,lost,2026-03-04,,no address
        3,,8,open,2026-03-03,2026-03-05,
        """);
  }

  private FakeContext context(String expectations) throws Exception {
    return new FakeContext(folder.resolve("task"))
        .with("data", orders)
        .with("expectations", expectations)
        .with("onViolation", "report");
  }

  private FakeContext run(FakeContext context) throws Exception {
    new ValidateData(Clock.fixed(NOW, ZoneOffset.UTC)).run(context);
    return context;
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // expectation | rule | rows | message | first example
        "{columns: {id: {type: int}}} | | | |",
        "{columns: {id: {type: int, unique: true}}} | unique | 1 | repeats an earlier value in 1 row | 4: 3, as in row 3",
        "{columns: {customer: {maxMissing: 0.25}}} | | | |",
        "{columns: {customer: {maxMissing: 0.2}}} | maxMissing | 1 | holds nothing in 1 row, a share of 0.25, expected at most 0.2 | 4: ",
        "{columns: {amount: {type: int}}} | type | 1 | is no int in 1 row | 1: 10.5",
        "{columns: {status: {type: number}}} | type | 4 | is no number in 4 rows | 1: open",
        "{columns: {status: {type: bool}}} | type | 4 | is no bool in 4 rows | 1: open",
        "{columns: {start: {type: date}}} | | | |",
        "{columns: {email: {type: date}}} | type | 3 | is no date in 3 rows | 1: a@x",
        "{columns: {amount: {min: 0, max: 10}}} | min | 1 | is below 0 in 1 row | 2: -3",
        "{columns: {amount: {max: 10}}} | max | 1 | is above 10 in 1 row | 1: 10.5",
        "{columns: {status: {values: [open, closed]}}} | values | 1 | is none of open, closed in 1 row | 3: lost",
        "{columns: {id: {values: [1, 2, '3.0']}}} | | | |",
        "{columns: {email: {pattern: '.+@.+'}}} | pattern | 1 | does not match .+@.+ in 1 row | 3: no address",
        "{columns: {start: {order: rising}}} | order | 1 | is below the value before in 1 row | 4: 2026-03-03",
        "{columns: {id: {order: rising}}} | | | |",
        "{columns: {id: {order: strictly-rising}}} | order | 1 | is not above the value before in 1 row | 4: 3",
        "{columns: {start: {fresh: 7d}}} | | | |",
        "{columns: {start: {fresh: 6d}}} | fresh | 0 | its newest date is 2026-03-04T00:00:00Z, expected one of the last 6 days |",
        "{columns: {email: {fresh: 6d}}} | fresh | 0 | holds no date |",
        "{columns: {amout: {}}} | required | 0 | is not there; the nearest is 'amount' |",
        "{columns: {amout: {required: false}}} | | | |",
        "{columns: {id: }, otherColumns: true} | | | |",
        "{unique: [[id, customer]]} | | | |",
        "{unique: [customer]} | unique | 1 | repeats an earlier value in 1 row | 3: a, as in row 1",
        "{unique: [[id, nobody]]} | unique | 0 | is not there; the nearest is 'id' |",
        "{compare: [start <= end]} | compare | 1 | 'start <= end' does not hold in 1 row | 2: 2026-03-02 and 2026-03-01",
        "{compare: [amount > 0]} | compare | 1 | 'amount > 0' does not hold in 1 row | 2: -3",
        "{compare: [\"status != 'lost'\"]} | compare | 1 | 'status != 'lost'' does not hold in 1 row | 3: lost",
        "{compare: [\"start >= '2026-03-02'\"]} | compare | 1 | 'start >= '2026-03-02'' does not hold in 1 row | 1: 2026-03-01",
        "{compare: [amount > price]} | compare | 0 | is not there; the nearest is 'email' |",
        "{rows: {min: 5}} | rows | 0 | 4 rows, expected at least 5 |",
        "{rows: {max: 3}} | rows | 0 | 4 rows, expected at most 3 |",
      })
  void rules(String expectations, String rule, Long rows, String message, String example)
      throws Exception {
    var context = run(context(expectations));
    var violations = context.artifact("validation.json").get("violations");
    if (rule == null) {
      assertThat(violations).isEmpty();
      assertThat(context.outputs).containsEntry("valid", true).containsEntry("violations", 0);
      return;
    }
    assertThat(context.outputs).containsEntry("valid", false);
    var first = violations.get(0);
    assertThat(first.get("rule").asText()).isEqualTo(rule);
    assertThat(first.get("rows").asLong()).isEqualTo(rows);
    assertThat(first.get("message").asText()).startsWith(message.split("'email'", -1)[0]);
    var at = first.at("/examples/0");
    assertThat(at.isMissingNode() ? null : at.get("row").asText() + ": " + at.get("value").asText())
        .isEqualTo(example == null ? null : example.endsWith(":") ? example + " " : example);
  }

  @Test
  void everything_is_found_at_once_and_kept_when_it_fails() throws Exception {
    var context =
        context(
                "{rows: {min: 9}, otherColumns: false, columns: {id: {unique: true}, customer: {maxMissing: 0},"
                    + " amount: {min: 0}, status: {values: [open]}, start: {order: rising}, end: {}}}")
            .with("onViolation", "fail");
    assertThatThrownBy(() -> run(context))
        .isInstanceOf(ProblemException.class)
        .hasMessage(
            "TABLE_INVALID: orders.csv is not as expected: 4 rows, expected at least 9; column 'email': is there, and"
                + " not expected; column 'id': repeats an earlier value in 1 row; column 'customer': holds nothing in 1"
                + " row, a share of 0.25, expected at most 0; column 'amount': is below 0 in 1 row; and 2 more");
    assertThat(context.artifact("validation.json").get("violations")).hasSize(7);
    assertThat(Files.readString(context.artifacts().resolve("validation.html")))
        .contains("7 expectations are not met", "row 2: -3");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "7 | the input 'expectations' is not a map",
        "{columns: [} | the input 'expectations' is not YAML or JSON",
        "{colums: {}} | the input 'expectations' has the unknown key 'colums'",
        "{columns: {id: {typ: int}}} | the input 'expectations': columns.id has the unknown key 'typ'",
        "{columns: {id: {type: integer}}} | the input 'expectations': columns.id.type is 'integer'",
        "{columns: {id: {min: low}}} | the input 'expectations': columns.id: min is \"low\"",
        "{columns: {id: {unique: maybe}}} | the input 'expectations': columns.id: unique is \"maybe\"",
        "{columns: {id: {pattern: '['}}} | the input 'expectations': columns.id.pattern '[' is no regular expression",
        "{columns: {id: {fresh: soon}}} | the input 'expectations': columns.id.fresh is 'soon'",
        "{columns: {id: 7}} | the input 'expectations': columns.id is 7, not a map",
        "{compare: [start before end]} | the input 'expectations': compare holds 'start before end'",
        "{drift: {psy: 1}} | the input 'expectations': drift has the unknown key 'psy'",
        "{unique: id} | the input 'expectations': unique is \"id\", not a list",
        "{unique: {id: true}} | the input 'expectations': unique is {\"id\":true}, not a list",
        "{unique: [{id: 1}]} | the input 'expectations': unique holds {\"id\":1}, which is no text",
        "{unique: [[[id]]]} | the input 'expectations': unique holds [\"id\"], which is no text",
        "{compare: start <= end} | the input 'expectations': compare is \"start <= end\", not a list",
        "{compare: {start: end}} | the input 'expectations': compare is {\"start\":\"end\"}, not a list",
        "{columns: {status: {values: open}}} | the input 'expectations': columns.status.values is \"open\", not a list",
        "{columns: {status: {values: {open: 1}}}} | the input 'expectations': columns.status.values is {\"open\":1}, not a list",
        "{drift: {columns: amount}} | the input 'expectations': drift.columns is \"amount\", not a list",
      })
  void says_what_is_wrong_with_expectations(String expectations, String problem) throws Exception {
    var context = context(expectations);
    assertThatThrownBy(() -> run(context)).hasMessageStartingWith("INPUT_INVALID: " + problem);
  }

  @Test
  void says_what_is_wrong_with_inputs() throws Exception {
    var nothing = new FakeContext(folder.resolve("nothing")).with("data", orders);
    assertThatThrownBy(() -> run(nothing))
        .hasMessageStartingWith("INPUT_MISSING: neither 'expectations' nor");
    assertThatThrownBy(() -> run(context("{}").with("onViolation", "warn")))
        .hasMessageStartingWith("INPUT_INVALID: the input 'onViolation' is 'warn'");
    assertThatThrownBy(() -> run(context("{}").with("expectationsFile", orders)))
        .hasMessageStartingWith(
            "INPUT_INVALID: the input 'expectationsFile' is given beside 'expectations'");
  }

  @Test
  void expectations_from_a_file() throws Exception {
    var file = folder.resolve("expected.yaml");
    Files.writeString(file, "# ours\ncolumns:\n  amount: { min: 0 }\n");
    var context =
        new FakeContext(folder.resolve("task")).with("data", orders).with("expectationsFile", file);
    assertThatThrownBy(() -> run(context))
        .hasMessageContaining("column 'amount': is below 0 in 1 row");
    Files.writeString(file, "columns:\n  amout: { mn: 0 }\n");
    assertThatThrownBy(() -> run(context))
        .hasMessageContaining("expected.yaml: columns.amout has the unknown key 'mn'");
  }

  @Test
  void a_table_meets_what_was_inferred_from_it_and_another_does_not() throws Exception {
    var loans = folder.resolve("loans.csv");
    DemoData.write(loans, 500, 3);
    var inferred =
        run(new FakeContext(folder.resolve("infer")).with("data", loans).with("infer", true));
    var schema = inferred.outputs().resolve("schema.yaml");
    assertThat(Files.readString(schema))
        .contains(
            "age: { type: int, min: ",
            "purpose: { type: string, values: [business, car, ",
            "otherColumns: false");
    var same =
        run(
            new FakeContext(folder.resolve("same"))
                .with("data", loans)
                .with("expectationsFile", schema));
    assertThat(same.outputs).containsEntry("valid", true);
    var broken = folder.resolve("broken.csv");
    Files.writeString(broken, Files.readString(loans).replaceFirst("car", "yacht"));
    var other =
        new FakeContext(folder.resolve("other"))
            .with("data", broken)
            .with("expectationsFile", schema);
    assertThatThrownBy(() -> run(other)).hasMessageContaining("column 'purpose': is none of");
  }

  @Test
  void drift() throws Exception {
    var before = folder.resolve("before.csv");
    var after = folder.resolve("after.csv");
    var random = new Random(1);
    var a = new StringBuilder("same,moved,colour,id\n");
    var b = new StringBuilder("same,moved,colour,id\n");
    for (int i = 0; i < 2000; i++) {
      a.append(
          "%s,%s,%s,%d\n"
              .formatted(
                  random.nextGaussian(), random.nextGaussian(), i % 4 == 0 ? "red" : "blue", i));
      b.append(
          "%s,%s,%s,%d\n"
              .formatted(
                  random.nextGaussian(),
                  random.nextGaussian() + 1,
                  i % 2 == 0 ? "red" : "blue",
                  i));
    }
    Files.writeString(before, a);
    Files.writeString(after, b);
    var context =
        run(
            new FakeContext(folder.resolve("drift"))
                .with("data", after)
                .with("reference", before)
                .with("onViolation", "report"));
    var drift = context.artifact("validation.json").get("drift");
    assertThat(drift.at("/0/column").asText()).isEqualTo("moved");
    assertThat(drift.at("/0/psi").asDouble()).isBetween(0.8, 1.3);
    // The distance of two normal distributions that are 1 apart is 0.383.
    assertThat(drift.at("/0/ks").asDouble()).isCloseTo(0.383, within(0.04));
    assertThat(drift.at("/0/drifted").asBoolean()).isTrue();
    assertThat(drift.at("/1/column").asText()).isEqualTo("colour");
    // (0.5 - 0.25) ln 2 + (0.5 - 0.75) ln (2/3)
    assertThat(drift.at("/1/psi").asDouble())
        .isCloseTo(0.25 * Math.log(2) - 0.25 * Math.log(2 / 3.0), within(1e-9));
    assertThat(drift.at("/1").has("ks")).isFalse();
    assertThat(drift.at("/2/drifted").asBoolean()).isFalse();
    assertThat(drift.at("/3/drifted").asBoolean()).isFalse();
    assertThat(context.gave("violations")).isEqualTo(2);
  }

  @Test
  void columns_asked_for_that_one_table_lacks_are_told() throws Exception {
    var reference = folder.resolve("before.csv");
    Files.writeString(reference, "id,amount\n1,10\n2,11\n3,12\n");
    var context =
        run(
            context("{drift: {psi: 1e9, columns: [amount, amuont, status]}}")
                .with("reference", reference));
    var violations = context.artifact("validation.json").get("violations");
    assertThat(violations).hasSize(2);
    assertThat(violations.at("/0/column").asText()).isEqualTo("amuont");
    assertThat(violations.at("/0/message").asText())
        .startsWith("is not there; the nearest is 'amount'");
    assertThat(violations.at("/1/column").asText()).isEqualTo("status");
    assertThat(violations.at("/1/message").asText()).startsWith("is not in the reference");
  }

  /// One column moves, and texts are among its numbers.
  @Test
  void a_stray_text_does_not_hide_a_drift() throws Exception {
    var before = folder.resolve("before.csv");
    var after = folder.resolve("after.csv");
    var a = new StringBuilder("moved\nunknown\n");
    var b = new StringBuilder("moved\n" + "unknown\n".repeat(1000));
    for (int i = 0; i < 1000; i++) {
      a.append(i).append('\n');
      b.append(i + 500).append('\n');
    }
    Files.writeString(before, a);
    Files.writeString(after, b);
    var drift =
        run(new FakeContext(folder.resolve("drift"))
                .with("data", after)
                .with("reference", before)
                .with("onViolation", "report"))
            .artifact("validation.json")
            .at("/drift/0");
    assertThat(drift.get("ks").asDouble()).isCloseTo(0.5, within(0.01));
    var last = drift.get("parts").get(drift.get("parts").size() - 1);
    assertThat(last.get("name").asText()).isEqualTo("(text)");
    assertThat(last.get("reference").asDouble()).isCloseTo(1 / 1001.0, within(1e-9));
    assertThat(last.get("now").asDouble()).isCloseTo(0.5, within(1e-9));
  }

  /// Whatever share is missing, and a zero that has lost its sign.
  @Test
  void shares_and_zeros_are_compared_as_they_are_written() throws Exception {
    for (int missing = 0; missing < 100; missing++) {
      var table = folder.resolve("missing.csv");
      Files.writeString(
          table, "id,x\n" + "1,\n".repeat(missing) + "1,-0.0\n".repeat(100 - missing));
      var frame = Frames.read(table, "missing.csv");
      var expected = Inferred.of(frame) + "compare: [x <= -0, x >= 0]\n";
      assertThat(Check.of(frame, Expectations.of(expected, "inferred"), NOW)).isEmpty();
    }
  }

  @Test
  void idsThatAreOneDoubleAreStillApart() throws Exception {
    var ids = folder.resolve("ids.csv");
    Files.writeString(ids, "id\n1234567890123456788\n1234567890123456789\n");
    var expected =
        Expectations.of("columns: { id: { type: int, min: 1, unique: true } }", "expected");
    assertThat(Check.of(Frames.read(ids, "ids.csv"), expected, NOW)).isEmpty();
    Files.writeString(ids, "id\n1234567890123456789\n1234567890123456789\n");
    assertThat(Check.of(Frames.read(ids, "ids.csv"), expected, NOW)).hasSize(1);
  }

  @Test
  void distances() {
    assertThat(Drift.distance(new double[] {1, 2, 3}, new double[] {1, 2, 3})).isZero();
    assertThat(Drift.distance(new double[] {1, 2}, new double[] {3, 4})).isEqualTo(1);
    assertThat(Drift.distance(new double[] {1, 1, 2, 2}, new double[] {1, 2, 2, 2}))
        .isEqualTo(0.25);
    assertThat(Drift.distance(new double[] {}, new double[] {1})).isEqualTo(1);
  }

  @Test
  void odd_names_and_cells_can_be_inferred() throws Exception {
    var odd = folder.resolve("odd.csv");
    Files.writeString(
        odd, "\"a: {b}\",yes,empty\n\"x\"\"y\",no,\n" + "\"x\"\"y\",no,\n".repeat(30));
    var schema = Inferred.of(Frames.read(odd, "odd.csv"));
    assertThat(Check.of(Frames.read(odd, "odd.csv"), Expectations.of(schema, "inferred"), NOW))
        .isEmpty();
  }
}

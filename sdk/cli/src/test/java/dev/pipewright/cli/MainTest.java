package dev.pipewright.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MainTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 2 | a command is missing",
        "frob | 2 | Unmatched argument",
        "up --frob | 2 | Unknown option: '--frob'",
        "run | 2 | Missing required parameter: 'FILE",
        "import | 2 | say what to import from: mlflow or tensorboard",
        "import mlflow /nowhere | 2 | is neither a folder nor an http address",
        "import mlflow /proc/self/task | 2 | INPUT_MISSING: /proc/self/task is no MLflow store",
        "import mlflow http:// | 2 | is no address",
        "import tensorboard /nowhere | 2 | is neither a folder nor a run",
        "import mlflow | 2 | Missing required parameter",
        "import tensorboard 0123456789abcdef0123456789abcdef --experiment a | 2 | --experiment goes",
        "schedules | 2 | say what to do: list, show, apply",
        "schedules apply /nowhere.yaml | 2 | INPUT_MISSING: There is no file /nowhere.yaml.",
        "schedules next | 2 | Missing required parameter: 'NAME'",
        "backfill | 2 | say what to do: start, list, show or cancel",
        "backfill start nightly --from 2026-01-01 | 2 | Missing required option: '--to=DATE|TIME'",
        "triggers | 2 | say what to do: list, show, apply",
        "runs | 2 | say what to do: list, show, ",
        "pipelines | 2 | say what to do: apply, list, versions, show or diff",
        "pools | 2 | say what to do: list, show, set or delete",
        "pools set gpu many | 2 | Invalid value for positional parameter",
        "export | 2 | say what to export: run or experiment",
        "export run x | 2 | Missing required option: '--out=FOLDER'",
        "export run x --out y --format xml | 2 | expected one of [CSV, PARQUET]",
        "demo --data x.csv | 2 | --data needs --target",
        "demo --target y | 2 | --target needs --data",
        "demo --data /nowhere.csv --target y | 2 | INPUT_MISSING: There is no file /nowhere.csv.",
      })
  void saysWhatIsWrongWithTheCommandLine(String args, int exit, String message) {
    var err = new StringWriter();
    var words = args.isEmpty() ? new String[0] : args.split(" ", -1);
    int code = Main.commandLine(words).setErr(new PrintWriter(err, true)).execute(words);
    assertThat(err.toString()).contains(message);
    assertThat(code).isEqualTo(exit);
  }

  @ParameterizedTest
  @CsvSource({"--help", "--version", "demo --help"})
  void helps(String args) {
    var out = new StringWriter();
    var words = args.split(" ", -1);
    int code = Main.commandLine(words).setOut(new PrintWriter(out, true)).execute(words);
    assertThat(out.toString()).containsIgnoringCase("pipewright");
    assertThat(code).isZero();
  }

  @Test
  void callsEachCommandByTheNameItHas() {
    var all = Main.commandLine().getSubcommands();
    assertThat(all).containsKeys("run", "completion").hasSizeGreaterThan(15);
    all.forEach((name, command) -> {
      var named = command.getCommand().getClass().getAnnotation(CommandLine.Command.class).name();
      assertThat(name).isEqualTo(named);
      assertThat(Main.commandLine(name, "--help").getSubcommands()).containsKey(name);
    });
  }

  @Test
  void completesAllCommands() {
    var out = new StringWriter();
    int code =
        Main.commandLine("completion").setOut(new PrintWriter(out, true)).execute("completion");
    assertThat(code).isZero();
    assertThat(out.toString()).contains("pools", "triggers", "--secret-file");
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0.0 s",
    "PT0.449S, 0.4 s",
    "PT59.9S, 59.9 s",
    "PT1M, 1 min 0 s",
    "PT1H2M3S, 1 h 2 min",
    "PT-1S, 0.0 s"
  })
  void writesDurationsForPeople(Duration duration, String text) {
    assertThat(Durations.text(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "german_credit.csv, german-credit",
    "/a/b/My Table (2).csv.gz, my-table-2",
    "ü.csv, model",
    ".hidden, hidden"
  })
  void namesTheModelAfterTheTable(Path table, String model) {
    assertThat(DemoCommand.modelName(table)).isEqualTo(model);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "0.87654321, 0.8765", "123456, 123456", "0.00001234, 1.234e-05", "NaN, NaN"})
  void writesNumbersShort(double value, String text) {
    assertThat(List.of(RunView.number(value))).containsExactly(text);
  }
}

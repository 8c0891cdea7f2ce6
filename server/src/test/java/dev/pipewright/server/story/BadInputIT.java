package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever is wrong with what was given: one clear message with a stable code, an exit code other
/// than 0, and nothing half-done.
@EnabledOnOs(OS.LINUX)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputIT {
  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final int SERVER = 3;

  private final Sandbox sandbox = Sandbox.create();

  @AfterAll
  void leavesNothing() {
    sandbox.close();
  }

  /// @param said what the message must name, the code first
  record Case(String what, List<String> command, int exitCode, List<String> said) {
    @Override
    public String toString() {
      return what;
    }
  }

  /// A table is looked at before anything is started.
  Stream<Case> tables() {
    var good = sandbox.write("good.csv", "income,age,default\n10,20,yes\n30,40,no\n");
    var empty = sandbox.write("empty.csv", "");
    var header = sandbox.write("header.csv", "income,age,default\n");
    var missing = sandbox.folder().resolve("missing.csv");
    return Stream.of(
        new Case(
            "a missing file",
            demo(missing, "default"),
            USAGE,
            List.of("INPUT_MISSING: ", missing.toString())),
        new Case(
            "a folder for a file",
            demo(sandbox.folder(), "default"),
            USAGE,
            List.of("INPUT_MISSING: ", sandbox.folder() + " is a folder")),
        new Case(
            "a target that is not a column",
            demo(good, "defualt"),
            USAGE,
            List.of("TARGET_NOT_A_COLUMN: ", good.toString(), "defualt", "default")),
        new Case(
            "an empty file",
            demo(empty, "default"),
            USAGE,
            List.of("TABLE_EMPTY: ", empty.toString())),
        new Case(
            "a table without rows",
            demo(header, "default"),
            USAGE,
            List.of("TABLE_EMPTY: ", header.toString())),
        new Case(
            "no target", List.of("demo", "--data", good.toString()), USAGE, List.of("--target")),
        new Case("no command", List.of(), USAGE, List.of("a command is missing")),
        new Case("a misspelt command", List.of("demoo"), USAGE, List.of("demo")),
        new Case(
            "a run without a server",
            List.of("run", good.toString()),
            SERVER,
            List.of("SERVER_UNREACHABLE: ", "./pipewright up")));
  }

  @ParameterizedTest
  @MethodSource
  void tables(Case bad) {
    try (var fresh = Sandbox.create()) {
      var said = fresh.pipewright(bad.command().toArray(String[]::new));

      check(bad, said);
      assertThat(fresh.home().root()).doesNotExist();
      assertThat(fresh.processes()).isEmpty();
    }
  }

  /// What is around the server is looked at before anything is started.
  @Test
  void aPortInUse() throws IOException {
    try (var fresh = Sandbox.create();
        var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var port = Integer.toString(taken.getLocalPort());

      var said = fresh.pipewright(Map.of("PIPEWRIGHT_PORT", port), "up");

      refused(said, "PORT_IN_USE: Port " + port, "process " + ProcessHandle.current().pid());
      assertThat(fresh.home().root()).doesNotExist();
      assertThat(fresh.processes()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PIPEWRIGHT_HOST, 0.0.0.0, HOST_NOT_LOOPBACK",
    "PIPEWRIGHT_HOST, no.such.host.invalid, SETTING_INVALID",
    "PIPEWRIGHT_PORT, http, SETTING_INVALID",
    "PIPEWRIGHT_PORT, 65536, SETTING_INVALID",
    "PIPEWRIGHT_KAFKA_BOOTSTRAP, localhost, SETTING_INVALID",
  })
  void aSettingThatCannotBe(String name, String value, String code) {
    try (var fresh = Sandbox.create()) {
      var said = fresh.pipewright(Map.of(name, value), "up");

      refused(said, code + ": ", name, value);
      assertThat(fresh.home().root()).doesNotExist();
      assertThat(fresh.processes()).isEmpty();
    }
  }

  @Test
  void aHomeFolderThatCannotBeMade() {
    try (var fresh = Sandbox.create()) {
      var file = fresh.write("file", "kept");
      for (var home : List.of(file, file.resolve("home"), Path.of("/proc/pipewright"))) {
        var said = fresh.pipewright(Map.of("PIPEWRIGHT_HOME", home.toString()), "up");

        refused(said, "HOME_NOT_WRITABLE: ", home.toString());
      }
      assertThat(file).hasContent("kept");
      assertThat(fresh.processes()).isEmpty();
    }
  }

  @Test
  void aHomeFolderThatHoldsOtherThings() throws IOException {
    try (var fresh = Sandbox.create()) {
      var home = Files.createDirectory(fresh.home().root());
      Files.writeString(home.resolve("thesis.tex"), "years of work");

      refused(fresh.pipewright("up"), "HOME_NOT_OURS: ", home.toString(), "thesis.tex");

      assertThat(home.resolve("thesis.tex")).hasContent("years of work");
      assertThat(names(home)).containsExactly("thesis.tex");
      assertThat(fresh.processes()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{ \"layout\": 1", "[]", "{}", "{ \"layout\": 99 }"})
  void aHomeFolderThatIsDamaged(String marker) throws IOException {
    try (var fresh = Sandbox.create()) {
      var home = fresh.home();
      Files.createDirectory(home.root());
      Files.writeString(home.marker(), marker);

      refused(fresh.pipewright("up"), "HOME_DAMAGED: ", home.marker().toString());

      assertThat(home.marker()).hasContent(marker);
      assertThat(names(home.root())).containsExactly("pipewright.json");
      assertThat(fresh.processes()).isEmpty();
    }
  }

  /// `demo` starts the server too, and must fail like `up`.
  @Test
  void aDemoThatCannotStartItsServer() {
    try (var fresh = Sandbox.create()) {
      refused(
          fresh.pipewright(Map.of("PIPEWRIGHT_HOST", "0.0.0.0"), "demo", "--exit"),
          "HOST_NOT_LOOPBACK: ",
          "0.0.0.0");
      assertThat(fresh.home().root()).doesNotExist();
      assertThat(fresh.processes()).isEmpty();
    }
  }

  @Test
  void noJdkAndOneThatIsTooOld() throws IOException {
    try (var fresh = Sandbox.create()) {
      var programs = Files.createDirectory(fresh.folder().resolve("bin"));
      for (var program : List.of("bash", "dirname", "sed", "head", "readlink")) {
        Files.createSymbolicLink(programs.resolve(program), onPath(program));
      }
      var script = List.of("bash", Sandbox.ROOT.resolve("pipewright").toString(), "up");
      var nowhere =
          Map.of(
              "PATH", programs.toString(),
              "JAVA_HOME", "/nowhere",
              "PIPEWRIGHT_JDK_DIRS", "/nowhere",
              "PIPEWRIGHT_NO_BUILD", "1");

      refused(fresh.command(script, nowhere), "JDK_NOT_FOUND: ", "JDK 25", "JAVA_HOME");

      var old = fresh.folder().resolve("jdk-17");
      Files.createDirectories(old.resolve("bin"));
      Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
      for (var program : List.of("java", "javac")) {
        var file = Files.writeString(old.resolve("bin").resolve(program), "#!/bin/sh\nexit 1\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      var settings = new HashMap<>(nowhere);
      settings.put("JAVA_HOME", old.toString());

      refused(fresh.command(script, settings), "JDK_NOT_FOUND: ", old + " (Java 17)");
      assertThat(fresh.home().root()).doesNotExist();
    }
  }

  /// A pipeline is checked as a whole before any of it is stored.
  Stream<Case> pipelines() {
    return Stream.of(
        pipeline(
            "a cyclic pipeline",
            """
            name: bad
            tasks:
              a: { command: ["true"], needs: [b] }
              b: { command: ["true"], needs: [a] }
            """,
            "CYCLE",
            "line 3",
            "a"),
        pipeline(
            "a misspelt key",
            """
            name: bad
            tasks:
              a: { comand: ["true"] }
            """,
            "UNKNOWN_KEY",
            "line 3, column 8",
            "comand",
            "command"),
        pipeline(
            "an unknown uses",
            """
            name: bad
            tasks:
              a: { uses: pipewright/splitt@v1 }
            """,
            "UNKNOWN_USES",
            "line 3",
            "pipewright/splitt@v1",
            "pipewright/split@v1"),
        pipeline(
            "not YAML",
            """
            name: bad
            tasks: [
            """,
            "YAML_SYNTAX",
            "line "),
        pipeline(
            "a file that is not there",
            """
            name: bad
            tasks:
              a: { command: [sh, gone.sh], files: [gone.sh] }
            """,
            "INPUT_MISSING",
            "gone.sh"));
  }

  @ParameterizedTest
  @MethodSource
  void pipelines(Case bad) {
    sandbox.up();

    check(bad, sandbox.pipewright(bad.command().toArray(String[]::new)));

    try (var pipewright = sandbox.client()) {
      assertThat(pipewright.pipelines().list(null).items())
          .noneMatch(pipeline -> pipeline.name().equals("bad"));
      assertThat(pipewright.runs().list("bad", null).items()).isEmpty();
    }
  }

  /// What shows only when a task runs: the run fails, says so, and leaves no model.
  Stream<Case> runs() {
    var rows = new ArrayList<>(List.of("income,age,default"));
    for (int i = 0; i < 50; i++) {
      rows.add(i + "," + (i % 7) + ",no");
    }
    var oneClass = sandbox.write("one-class.csv", String.join("\n", rows) + "\n");
    return Stream.of(
        new Case(
            "a target of one class",
            demo(oneClass, "default"),
            FAILED,
            List.of("split failed", "TARGET_ONE_CLASS", "default", "one-class.csv")),
        failing(
            "a program that is not installed",
            """
            name: no-python
            tasks:
              a: { command: [python3, -V], env: { PATH: /nowhere } }
            """,
            "a failed",
            "COMMAND_NOT_FOUND",
            "'python3'"),
        failing(
            "a command that fails",
            """
            name: exit-7
            tasks:
              a: { command: [sh, -c, "echo the reason; exit 7"] }
              b: { command: ["true"], needs: [a] }
            """,
            "a failed",
            "COMMAND_FAILED",
            "exit code 7",
            "the reason"));
  }

  @ParameterizedTest
  @MethodSource
  void runs(Case bad) {
    sandbox.up();

    check(bad, sandbox.pipewright(bad.command().toArray(String[]::new)));

    try (var pipewright = sandbox.client()) {
      assertThat(pipewright.models().list(null).items()).isEmpty();
    }
  }

  @Test
  void aSecondServer() throws IOException {
    sandbox.up();
    long first = sandbox.serverPid();
    int before = sandbox.processes().size();

    refused(
        sandbox.pipewright(Map.of("PIPEWRIGHT_PORT", "0"), "up"),
        "ALREADY_RUNNING: ",
        sandbox.home().root().toString());

    assertThat(sandbox.serverPid()).isEqualTo(first);
    assertThat(sandbox.processes()).hasSize(before);
  }

  @Test
  void addressesAndBodiesThatAreWrong() throws IOException {
    sandbox.up();
    try (var http = HttpClient.newHttpClient()) {
      var base = "http://127.0.0.1:" + sandbox.port();
      var requests =
          Map.of(
              HttpRequest.newBuilder(URI.create(base + "/api/v1/nothing")).build(),
              "NOT_FOUND",
              HttpRequest.newBuilder(URI.create(base + "/api/v1/pipeline-runs/none")).build(),
              "PIPELINE_RUN_NOT_FOUND",
              HttpRequest.newBuilder(URI.create(base + "/api/v1/pipelines"))
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString("{ \"source\": "))
                  .build(),
              "BAD_REQUEST",
              HttpRequest.newBuilder(URI.create(base + "/api/v1/pipelines"))
                  .header("Content-Type", "text/plain")
                  .POST(HttpRequest.BodyPublishers.ofString("name: x"))
                  .build(),
              "UNSUPPORTED_MEDIA_TYPE");
      for (var each : requests.entrySet()) {
        var answer = http.send(each.getKey(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.headers().firstValue("Content-Type"))
            .as(each.getValue())
            .hasValue("application/problem+json");
        assertThat(Json.MAPPER.readTree(answer.body()).path("code").textValue())
            .isEqualTo(each.getValue());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static List<String> demo(Path data, String target) {
    return List.of("demo", "--data", data.toString(), "--target", target, "--exit");
  }

  private Case pipeline(String what, String source, String... said) {
    return new Case(what, List.of("run", file(what, source)), USAGE, List.of(said));
  }

  private Case failing(String what, String source, String... said) {
    return new Case(what, List.of("run", file(what, source), "--wait"), FAILED, List.of(said));
  }

  private String file(String what, String source) {
    return sandbox.write(what.replace(' ', '-') + ".yaml", source).toString();
  }

  private static void check(Case bad, Sandbox.Said said) {
    assertThat(said.text()).contains(bad.said());
    assertThat(said.exitCode()).as(said.text()).isEqualTo(bad.exitCode());
    assertThat(said.text()).doesNotContain("\tat ", "Exception");
  }

  private static void refused(Sandbox.Said said, String... words) {
    check(new Case("", List.of(), SERVER, Arrays.asList(words)), said);
  }

  private static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static Path onPath(String program) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no " + program));
  }
}

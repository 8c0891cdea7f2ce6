package dev.pipewright.cli;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The folder this program was installed in: `server`, `kafka`, `runner`, `cli`, `examples`.
record Installation(Path root, Map<String, String> environment) {

  /// The one that `PIPEWRIGHT_LIB` names, by default where this program's jar lies.
  static Installation from(Map<String, String> environment) {
    var named = environment.get("PIPEWRIGHT_LIB");
    if (named != null && !named.isBlank()) {
      return new Installation(Path.of(named).toAbsolutePath().normalize(), environment);
    }
    try {
      var jar =
          Path.of(Installation.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return new Installation(jar.resolve("../..").normalize(), environment);
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the program's own jar has no path", e);
    }
  }

  /// The command that becomes the server.
  List<String> serverCommand() {
    var jar = root.resolve("server/quarkus-run.jar");
    if (!Files.exists(jar)) {
      throw new ProblemException(
          ProblemCode.SERVER_FAILED,
          "There is no server in " + root + ".",
          "Run ./pipewright in the project's folder: it builds what is missing.");
    }
    var command = new ArrayList<String>();
    // In a session of its own: a Ctrl-C is for us, and we stop it in order.
    setsid().ifPresent(setsid -> command.add(setsid.toString()));
    command.addAll(
        List.of(
            java(),
            "-XX:+UseSerialGC",
            "-Xms64m",
            "-Xmx512m",
            "-Xss512k",
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dquarkus.log.console.enabled=false"));
    var options = environment.getOrDefault("PIPEWRIGHT_JAVA_OPTS", "").strip();
    if (!options.isEmpty()) {
      command.addAll(List.of(options.split("\\s+", -1)));
    }
    command.addAll(List.of("-jar", jar.toString()));
    return command;
  }

  /// The command that writes the demo's table.
  List<String> demoDataCommand(Path table) {
    return List.of(
        java(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        root.resolve("runner").resolve("*").toString(),
        "dev.pipewright.tabular.DemoData",
        table.toString());
  }

  Path example(String name) {
    return root.resolve("examples").resolve(name).resolve("pipeline.yaml");
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private Optional<Path> setsid() {
    return List.of(environment.getOrDefault("PATH", "/usr/bin:/bin").split(":", -1)).stream()
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, "setsid"))
        .filter(Files::isExecutable)
        .findFirst();
  }
}

package dev.pipewright.runner;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/// Where everything of an attempt is.
record AttemptFolder(Path root) {
  /// Held for as long as the attempt's own runner lives; holds its process number.
  Path lock() {
    return root.resolve("runner.lock");
  }

  /// There once everything was delivered.
  Path done() {
    return root.resolve("done");
  }

  /// The process number of the command, for a runner that finds another's command still running.
  Path command() {
    return root.resolve("command.pid");
  }

  /// There once the work was begun: it is never begun again.
  Path spool() {
    return root.resolve("spool");
  }

  /// How much of the spool the broker has, in bytes.
  Path acked() {
    return root.resolve("spool.acked");
  }

  Path inputs() {
    return root.resolve("inputs");
  }

  Path outputs() {
    return root.resolve("outputs");
  }

  Path artifacts() {
    return root.resolve("artifacts");
  }

  Path models() {
    return root.resolve("models");
  }

  /// Copies of what was captured while the work went on, so that what is uploaded is what was
  /// captured.
  Path captured() {
    return root.resolve("captured");
  }

  /// The working folder of a command.
  Path work() {
    return root.resolve("work");
  }

  /// For temporary files, so that a runner that is killed leaves none elsewhere.
  Path temporary() {
    return root.resolve("tmp");
  }

  Path launchFile() {
    return root.resolve("launch.json");
  }

  TaskLaunch launch() throws IOException {
    return Json.MAPPER.readValue(launchFile().toFile(), TaskLaunch.class);
  }

  /// The folders that a command finds.
  void createFolders() throws IOException {
    for (var folder :
        new Path[] {inputs(), outputs(), artifacts(), models(), work(), temporary()}) {
      Files.createDirectories(folder);
    }
  }

  /// Drops all of it.
  void remove() throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (var files = Files.walk(root)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

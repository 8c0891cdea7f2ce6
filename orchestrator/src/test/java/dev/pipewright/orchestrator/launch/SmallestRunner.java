package dev.pipewright.orchestrator.launch;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.task.TaskLaunch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/// A runner that keeps the protocol of the attempt's folder and nothing else: lock, spool, `done`.
final class SmallestRunner {
  private SmallestRunner() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    var folder = Path.of(args[0]);
    var channel =
        FileChannel.open(
            folder.resolve("runner.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() == null) {
      System.exit(75);
    }
    channel.truncate(0);
    channel.write(
        ByteBuffer.wrap(
            String.valueOf(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
    var launch = Json.MAPPER.readValue(folder.resolve("launch.json").toFile(), TaskLaunch.class);
    var started = folder.resolve("spool");
    if (!Files.exists(started)) {
      Files.writeString(started, "");
      Files.write(
          folder.resolve("environment"),
          System.getenv().entrySet().stream()
              .map(each -> each.getKey() + "=" + each.getValue())
              .toList());
      Files.writeString(
          Path.of(launch.env().get("MARKS")),
          "begun\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      while (!Files.exists(Path.of(launch.env().get("GO")))) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    Files.writeString(folder.resolve("done"), "");
  }
}

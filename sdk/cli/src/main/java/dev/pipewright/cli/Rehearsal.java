package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RunState;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// Goes through what most commands do, once after each build, so that the JVM can archive the
/// classes they need: a command then starts in half the time. Nothing is said or changed.
final class Rehearsal {
  private Rehearsal() {}

  /// @param args pipeline documents
  public static void main(String... args) throws IOException {
    var out = System.out;
    try (var nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      System.setOut(nowhere);
      for (var document : args) {
        int unused = Main.execute("validate", document);
      }
      int unused = Main.execute("runs", "--help");
      askNobody();
    } finally {
      System.setOut(out);
    }
  }

  private static void askNobody() throws IOException {
    var page =
        new Page<>(
            List.of(
                new PipelineRunSummary(
                    "", 1, "", 1, RunState.RUNNING, null, Map.of(), Instant.EPOCH, null, null)),
            null);
    int unused = Json.MAPPER.readTree(Json.MAPPER.writeValueAsString(page)).size();
    try (var client = Pipewright.connect(URI.create("http://127.0.0.1:9"))) {
      unused += client.runs().list(null, null).items().size();
    } catch (ProblemException e) {
      // As it should be: there is no server on that port.
    }
  }
}

package dev.pipewright.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.DoubleNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Studies, as the client asks for them.
class StudiesTest {
  private static final String TRIAL =
      """
      {"number": 3, "state": "RUNNING", "origin": "SAMPLED", "params": {"lr": 0.1}, "values": [],
       "attempt": 2, "resumed": true, "budget": 9, "createdAt": "2026-01-01T00:00:00Z"}
      """;

  private ScriptedServer server;
  private Pipewright pipewright;

  @BeforeEach
  void start() throws IOException {
    server = new ScriptedServer();
    pipewright = Pipewright.connect(server.uri());
  }

  @AfterEach
  void stop() {
    pipewright.close();
    server.close();
  }

  @Test
  void asksReportsAndTells() {
    server.json(200, "{\"trial\": %s, \"ended\": false}".formatted(TRIAL));
    server.json(200, "{\"verdict\": \"PAUSE\"}");
    server.json(200, TRIAL);
    server.json(200, TRIAL);
    var trial = pipewright.studies().ask("s", "me").trial();
    assertThat(trial.params()).isEqualTo(Map.of("lr", DoubleNode.valueOf(0.1)));
    assertThat(trial.budget()).isEqualTo(9);
    assertThat(pipewright.studies().report("s", trial, 9, 0.5)).isEqualTo("PAUSE");
    pipewright.studies().tell("s", trial, List.of(0.5));
    pipewright.studies().fail("s", trial, "no luck");
    assertThat(server.lines())
        .containsExactly(
            "POST /api/v1/studies/s/ask",
            "POST /api/v1/studies/s/trials/3/report",
            "POST /api/v1/studies/s/trials/3/tell",
            "POST /api/v1/studies/s/trials/3/tell");
    assertThat(server.requests.get(1).body()).isEqualTo("{\"step\":9,\"value\":0.5,\"attempt\":2}");
    assertThat(server.requests.get(2).body()).isEqualTo("{\"values\":[0.5],\"attempt\":2}");
    assertThat(server.requests.get(3).body()).isEqualTo("{\"message\":\"no luck\",\"attempt\":2}");
  }

  @Test
  void listsTrialsByPages() {
    server.json(200, "{\"items\": [%s], \"next\": \"x\"}".formatted(TRIAL));
    assertThat(pipewright.studies().trials("s", "a b").next()).isEqualTo("x");
    assertThat(server.lines()).containsExactly("GET /api/v1/studies/s/trials?after=a%20b");
  }
}

package dev.pipewright.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.BackfillSpec;
import dev.pipewright.contract.api.FireState;
import dev.pipewright.contract.api.ScheduleSpec;
import dev.pipewright.contract.api.TriggerSpec;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What starts runs, as the client asks for it.
class SchedulesTest {
  private static final String TIMES =
      "\"createdAt\": \"2026-01-01T00:00:00Z\", \"updatedAt\": \"2026-01-01T00:00:00Z\"";

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
  void appliesASchedule() {
    server.json(
        201,
        """
        {"name": "nightly", "spec": {"pipeline": "p", "cron": "0 2 * * *"}, "paused": false,
         "next": ["2026-01-02T02:00:00Z"], %s}
        """
            .formatted(TIMES));
    var spec =
        new ScheduleSpec(
            "p",
            null,
            null,
            Map.of("day", TextNode.valueOf("${{ schedule.date }}")),
            null,
            "0 2 * * *",
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    var schedule = pipewright.schedules().apply("nightly", spec);
    assertThat(schedule.next()).containsExactly(Instant.parse("2026-01-02T02:00:00Z"));
    assertThat(server.lines()).containsExactly("PUT /api/v1/schedules/nightly");
    assertThat(server.requests.getFirst().body())
        .isEqualTo(
            "{\"pipeline\":\"p\",\"params\":{\"day\":\"${{ schedule.date }}\"},\"cron\":\"0 2 * * *\"}");
  }

  @Test
  void readsWhatBecameOfItsTimes() {
    server.json(
        200,
        """
        {"items": [{"number": 7, "time": "2026-01-01T02:00:00Z", "times": 1, "state": "REFUSED",
          "code": "RUN_FORBIDDEN", "reason": "…", "at": "2026-01-01T02:00:01Z"}], "next": "x"}
        """);
    var page = pipewright.schedules().history("nightly", "a b");
    assertThat(page.items())
        .singleElement()
        .satisfies(fire -> {
          assertThat(fire.state()).isEqualTo(FireState.REFUSED);
          assertThat(fire.code()).isEqualTo("RUN_FORBIDDEN");
          assertThat(fire.errors()).isEmpty();
        });
    assertThat(server.lines()).containsExactly("GET /api/v1/schedules/nightly/history?after=a%20b");
  }

  @Test
  void neverShowsMoreOfAHookThanTheServerDoes() {
    server.json(
        200,
        """
        {"name": "push", "spec": {"pipeline": "p", "hook": {"kind": "github"}}, "paused": false,
         "hookPath": "/api/v1/triggers/push/hook", %s}
        """
            .formatted(TIMES));
    var spec =
        new TriggerSpec(
            "p",
            null,
            null,
            null,
            null,
            null,
            new TriggerSpec.Hook("github", "a secret of some length", null),
            null,
            null,
            null);
    var trigger = pipewright.triggers().apply("push", spec);
    assertThat(trigger.hookPath()).isEqualTo("/api/v1/triggers/push/hook");
    assertThat(trigger.spec().hook()).isEqualTo(new TriggerSpec.Hook("github", null, null));
  }

  @Test
  void startsABackfillOnceAndReportsWhatIsWrongWithIt() {
    server.problem(
        422,
        "{\"code\": \"BACKFILL_INVALID\", \"title\": \"t\", \"status\": 422, \"detail\": \"d\"}");
    var spec =
        new BackfillSpec(
            "nightly",
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            "2026-01-01",
            "2026-01-31",
            4,
            null,
            null);
    assertThatThrownBy(() -> pipewright.backfills().start(spec))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("d");
    assertThat(server.requests.getFirst().body())
        .isEqualTo(
            "{\"schedule\":\"nightly\",\"from\":\"2026-01-01\",\"to\":\"2026-01-31\",\"parallel\":4}");
  }
}

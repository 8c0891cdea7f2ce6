package dev.pipewright.server.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.FireState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// A schedule of every second, over `kill -9` of the server: each second has its one run.
@EnabledOnOs(OS.LINUX)
class ScheduleIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int KILLS = 2;

  @Test
  void eachSecondHasItsOneRun() {
    try (var sandbox = Sandbox.create()) {
      var schedule =
          sandbox.write(
              "schedule.yaml",
              """
              name: seconds
              pipeline: tick
              every: 1s
              catchUp: all
              catchUpLimit: 1000
              params: { at: "${{ schedule.time }}" }
              """);
      var pipeline =
          sandbox.write(
              "tick.yaml",
              """
              name: tick
              params: { at: { type: string } }
              tasks:
                a: { command: ["true"] }
              """);
      sandbox.up();
      try (var pipewright = sandbox.client()) {
        pipewright.pipelines().apply(pipeline);
        var said = sandbox.pipewright("schedules", "apply", schedule.toString());
        assertThat(said.exitCode()).as(said.text()).isZero();
        for (int kill = 0; kill < KILLS; kill++) {
          int before = started(pipewright).size();
          await().atMost(PATIENCE).until(() -> started(pipewright).size() > before + 2);
          Sandbox.kill(sandbox.serverPid());
          sandbox.up();
        }
        int before = started(pipewright).size();
        await().atMost(PATIENCE).until(() -> started(pipewright).size() > before + 2);
        pipewright.schedules().pause("seconds");
        await()
            .atMost(PATIENCE)
            .until(() ->
                history(pipewright).stream().noneMatch(fire -> fire.state() == FireState.PLANNED));

        var history = history(pipewright);
        assertThat(history)
            .allSatisfy(fire -> {
              assertThat(fire.state()).as(fire.toString()).isEqualTo(FireState.STARTED);
            });
        var times = history.stream().map(Fire::time).sorted().toList();
        for (int i = 1; i < times.size(); i++) {
          assertThat(times.get(i)).isEqualTo(times.get(i - 1).plusSeconds(1));
        }
        assertThat(history.stream().map(Fire::runId).distinct()).hasSameSizeAs(history);
        // No run beside them, and each is for its time.
        assertThat(runTimes(pipewright)).containsExactlyInAnyOrderElementsOf(times);
      }
    }
  }

  private static List<Fire> history(Pipewright pipewright) {
    var all = new ArrayList<Fire>();
    String after = null;
    do {
      var page = pipewright.schedules().history("seconds", after);
      all.addAll(page.items());
      after = page.next();
    } while (after != null);
    return all;
  }

  private static List<Fire> started(Pipewright pipewright) {
    return history(pipewright).stream().filter(fire -> fire.state() == FireState.STARTED).toList();
  }

  private static List<Instant> runTimes(Pipewright pipewright) {
    var times = new ArrayList<Instant>();
    String after = null;
    do {
      var page = pipewright.runs().list("tick", after);
      page.items()
          .forEach(run ->
              times.add(
                  Instant.parse(pipewright.runs().get(run.id()).params().get("at").textValue())));
      after = page.next();
    } while (after != null);
    return times;
  }
}

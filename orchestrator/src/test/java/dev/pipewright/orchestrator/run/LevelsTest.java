package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.api.RunOverview;
import dev.pipewright.contract.api.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LevelsTest {
  private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");

  /// `b<a` is a task b that needs a.
  private static List<Levels.Node> graph(String text) {
    var nodes = new ArrayList<Levels.Node>();
    for (var task : text.split(" ", -1)) {
      var parts = task.split("<", -1);
      var needs = parts.length == 1 ? List.<String>of() : List.of(parts[1].split(","));
      nodes.add(new Levels.Node(parts[0], needs, TaskState.PENDING, null, null));
    }
    return nodes;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a                       | a",
        "a b                     | a,b",
        "a b<a c<b               | a b c",
        "c<b b<a a               | a b c",
        "a b<a c<a,b             | a b c",
        "a b<a c<a d<b,c e<a     | a b,c,e d",
        "a<gone b<a,a            | a b",
      })
  void aTaskIsOneLevelBelowTheDeepestOfItsNeeds(String graph, String expected) {
    var levels = new Levels(graph(graph));
    int count = levels.overview().levels().size();
    var found = new ArrayList<String>();
    for (int level = 0; level < count; level++) {
      found.add(String.join(",", levels.between(level, level)));
    }
    assertThat(String.join(" ", found)).isEqualTo(expected);
    assertThat(levels.between(count, count + 9)).isEmpty();
  }

  private static Levels.Node ran(String name, int from, int to, String... needs) {
    return new Levels.Node(
        name,
        List.of(needs),
        TaskState.SUCCEEDED,
        T0.plusSeconds(from),
        to < 0 ? null : T0.plusSeconds(to));
  }

  @Test
  void theCriticalPathGoesBackOverWhatEndedLast() {
    var overview =
        new Levels(
                List.of(
                    ran("load", 0, 5),
                    ran("slow", 0, 9),
                    ran("train", 9, 20, "load", "slow"),
                    ran("quick", 5, 6, "load"),
                    ran("report", 20, 21, "train", "quick")))
            .overview();
    assertThat(overview.criticalPath())
        .extracting(RunOverview.Step::task)
        .containsExactly("slow", "train", "report");
  }

  @Test
  void aLevelLastsFromItsFirstStartToItsLastEnd() {
    var running = new Levels.Node("c", List.of(), TaskState.RUNNING, T0.plusSeconds(3), null);
    var overview = new Levels(List.of(ran("a", 2, 4), ran("b", 1, 8), running)).overview();
    assertThat(overview.levels())
        .containsExactly(
            new RunOverview.Level(
                0, Map.of(TaskState.SUCCEEDED, 2, TaskState.RUNNING, 1), T0.plusSeconds(1), null));
    assertThat(new Levels(List.of(ran("a", 2, 4), ran("b", 1, 8))).overview().levels())
        .extracting(RunOverview.Level::endedAt)
        .containsExactly(T0.plusSeconds(8));
  }

  /// Every task needs all of the layer before: the edges grow much faster than the tasks.
  @Test
  void manyTasksAndEdgesAreQuick() {
    var nodes = new ArrayList<Levels.Node>();
    var before = List.<String>of();
    for (int layer = 0; layer < 100; layer++) {
      var names = new ArrayList<String>();
      for (int i = 0; i < 100; i++) {
        names.add("t" + layer + "-" + i);
        nodes.add(new Levels.Node(names.getLast(), before, TaskState.PENDING, null, null));
      }
      before = names;
    }
    var overview = new Levels(nodes).overview();
    assertThat(overview.levels())
        .hasSize(100)
        .allSatisfy(level -> assertThat(level.counts()).isEqualTo(Map.of(TaskState.PENDING, 100)));
    assertThat(overview.criticalPath()).isEmpty();
  }
}

package dev.pipewright.client.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrackingTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;
  private Path spools;
  private FakeTracker tracker;

  @BeforeEach
  void start() throws IOException {
    spools = folder.resolve("spools");
    tracker = new FakeTracker();
  }

  @AfterEach
  void stop() {
    tracker.close();
  }

  private Tracking connect(Duration patience) {
    return Tracking.connect(
        Tracking.Settings.of(tracker.uri())
            .withSpool(spools)
            .withPatience(patience)
            .withClock(Clock.fixed(NOW, ZoneOffset.UTC)));
  }

  private static void log(ActiveRun run, int points) {
    for (int step = 0; step < points; step++) {
      run.log("loss", step, step);
    }
  }

  private static String[] points(int count) {
    return IntStream.range(0, count)
        .mapToObj(step -> "loss " + step + " " + (double) step)
        .toArray(String[]::new);
  }

  @Test
  void allThatIsLoggedArrives() throws IOException {
    var file = Files.writeString(folder.resolve("report.txt"), "fine");
    var model = Files.createDirectories(folder.resolve("model/a b"));
    Files.writeString(model.resolve("weights"), "1 2 3");
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      log(run, 2_500);
      run.log("odd", 1, Double.NaN);
      run.log("odd", 2, Double.NEGATIVE_INFINITY);
      for (int i = 0; i < 250; i++) {
        run.param("p" + i, i);
        run.tag("t" + i, "old");
        run.tag("t" + i, "new");
      }
      run.artifact(file, "out/report.txt");
      Files.writeString(file, "changed meanwhile");
      var id = run.model("m", "own", model.getParent());
      assertThat(id).matches("m-[0-9a-f]{32}");
      try (var child = run.nested("fold-1")) {
        child.log("loss", 0, 1);
      }
    }
    assertThat(tracker.runs).hasSize(2);
    var child =
        tracker.runs.values().stream()
            .filter(run -> run.started().path("run_name").asText().equals("fold-1"))
            .findFirst()
            .orElseThrow();
    var run =
        tracker.runs.values().stream()
            .filter(each -> !each.equals(child))
            .findFirst()
            .orElseThrow();
    var id = run.started().path("run_id").asText();
    assertThat(run.started().path("start_time").asLong()).isEqualTo(NOW.toEpochMilli());
    assertThat(run.points())
        .hasSize(2_502)
        .contains(points(2_500))
        .contains("odd 1 NaN", "odd 2 -Infinity");
    assertThat(run.params()).hasSize(250).containsEntry("p7", "7");
    assertThat(run.tags()).hasSize(250).containsValue("new").doesNotContainValue("old");
    assertThat(run.ends()).containsExactly("FINISHED");
    assertThat(child.started().path("tags").toString()).contains(id);
    assertThat(child.ends()).containsExactly("FINISHED");
    var modelId = tracker.models.keySet().iterator().next();
    assertThat(tracker.models).containsEntry(modelId, "LOGGED_MODEL_READY");
    assertThat(tracker.files)
        .hasSize(2)
        .containsEntry("7/" + id + "/out/report.txt", "fine")
        .containsEntry("7/models/" + modelId + "/a b/weights", "1 2 3");
    assertThat(spools).isEmptyDirectory();
  }

  @Test
  void lostAnswersChangeNothing() {
    var calls = new AtomicInteger();
    tracker.losesAnswer = path -> calls.incrementAndGet() % 2 == 1;
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      log(run, 5_000);
      run.param("rate", 0.1);
    }
    assertThat(tracker.only().points()).containsExactlyInAnyOrder(points(5_000));
    assertThat(tracker.only().params()).containsEntry("rate", "0.1");
    assertThat(tracker.only().ends()).containsOnly("FINISHED");
  }

  @Test
  void aTrackerThatIsAwayHoldsNothingUp() throws InterruptedException {
    tracker.away = true;
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      log(run, 100_000);
      assertThat(tracking.flush(Duration.ofMillis(10))).isFalse();
      tracker.away = false;
      assertThat(tracking.flush(LONG)).isTrue();
      assertThat(tracker.only().points()).hasSize(100_000);
      assertThat(tracker.only().ends()).isEmpty();
    }
  }

  @Test
  void whatIsLeftArrivesWithTheNextStart() {
    tracker.away = true;
    try (var tracking = connect(Duration.ZERO);
        var run = tracking.start("loans", "try")) {
      log(run, 1_000);
    }
    assertThat(tracker.runs).isEmpty();
    tracker.away = false;
    try (var tracking = connect(LONG)) {
      await()
          .atMost(LONG)
          .until(() -> tracker.runs.size() == 1 && !tracker.only().ends().isEmpty());
    }
    assertThat(tracker.only().points()).containsExactlyInAnyOrder(points(1_000));
    assertThat(tracker.only().ends()).containsExactly("FINISHED");
  }

  /// A copy of the files is what a killed process leaves.
  @Test
  void aKilledProcessLeavesAllItLoggedAndARunThatFailed() throws Exception {
    tracker.away = true;
    var left = folder.resolve("left");
    try (var tracking = connect(Duration.ZERO)) {
      var run = tracking.start("loans", "try");
      log(run, 1_000);
      copy(spools, left);
    }
    tracker.away = false;
    assertThat(Tracking.resume(left, LONG)).isTrue();
    assertThat(tracker.only().points()).containsExactlyInAnyOrder(points(1_000));
    assertThat(tracker.only().ends()).containsExactly("FAILED");
    assertThat(left).isEmptyDirectory();
    assertThat(Tracking.resume(left, LONG)).isTrue();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (var file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  @Test
  void aFullSpoolDropsPointsAndSaysSo() {
    tracker.away = true;
    var settings =
        Tracking.Settings.of(tracker.uri())
            .withSpool(spools)
            .withLimit(16 << 20)
            .withPatience(LONG);
    int points = 600_000;
    var tracking = Tracking.connect(settings);
    var run = tracking.start("loans", "try");
    for (int step = 0; step < points; step++) {
      run.log("loss", step, step);
    }
    run.tag("told", "yes");
    run.close();
    tracker.away = false;
    assertThatThrownBy(tracking::close)
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("TRACKING_INCOMPLETE: ")
        .hasMessageContaining("points found no room");
    assertThat(tracker.only().points()).hasSizeBetween(200_000, points - 1);
    assertThat(tracker.only().tags()).containsEntry("told", "yes");
    assertThat(tracker.only().ends()).containsExactly("FINISHED");
  }

  @Test
  void whatTheTrackerRefusesIsToldAndHoldsNothingUp() throws InterruptedException {
    var tracking = connect(LONG);
    var run = tracking.start("loans", "try");
    assertThat(tracking.flush(LONG)).isTrue();
    tracker.only().params().put("rate", "0.2");
    run.param("rate", 0.1);
    run.param("depth", 3);
    run.close();
    assertThatThrownBy(tracking::close)
        .hasMessageStartingWith("TRACKING_INCOMPLETE: ")
        .hasMessageContaining("the tracker refused 1 calls: params [rate] of run " + run.id());
    assertThat(tracker.only().params()).containsEntry("depth", "3");
    assertThat(tracker.only().ends()).containsExactly("FINISHED");
  }

  @Test
  void aFailureIsTheRunsEnd() {
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      run.fail(new IllegalStateException("no gradient"));
    }
    assertThat(tracker.only().ends()).containsExactly("FAILED");
    assertThat(tracker.only().tags())
        .containsEntry("error", "java.lang.IllegalStateException: no gradient");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a,b", "../a", "a/../b", "/a", "a//b", "a/", ".", "a/.", "a\0"})
  void whatIsNoKeyIsRefusedAtOnce(String key) {
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      assertThatThrownBy(() -> run.log(key, 0, 1)).hasMessageStartingWith("INPUT_INVALID: ");
      assertThatThrownBy(() -> run.param(key, 1)).hasMessageStartingWith("INPUT_INVALID: ");
      assertThatThrownBy(() -> run.tag(key, "")).hasMessageStartingWith("INPUT_INVALID: ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a/b", "loss at 0.5", "train:loss", "Verlust_größer", "..a", "a..b/c."})
  void whatIsAKeyIsTaken(String key) {
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      run.log(key, 0, 1);
      run.param(key, 1);
      run.tag(key, "");
    }
    assertThat(tracker.only().params()).containsKey(key);
  }

  @Test
  void aParamKeepsItsValue() {
    try (var tracking = connect(LONG);
        var run = tracking.start("loans", "try")) {
      run.param("rate", 0.1);
      run.param("rate", 0.1);
      assertThatThrownBy(() -> run.param("rate", 0.2))
          .hasMessageStartingWith("INPUT_INVALID: Param 'rate' of run " + run.id() + " is '0.1'");
      assertThatThrownBy(() -> run.param("long", "x".repeat(6_001)))
          .hasMessageContaining("value of param 'long' is longer than 6000 characters");
      assertThatThrownBy(() -> run.artifact(folder.resolve("gone")))
          .hasMessageStartingWith("INPUT_MISSING: There is no file ");
    }
  }
}

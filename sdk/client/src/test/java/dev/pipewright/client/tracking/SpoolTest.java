package dev.pipewright.client.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
  /// Small, so that there are many.
  private static final int SEGMENT = 4096;

  private static final Entry STARTED = new Entry.Started("r", "e", "n", null, 5, Map.of());

  @TempDir Path folder;

  @Provide
  Arbitrary<List<Entry>> entries() {
    var key = Arbitraries.of("loss", "accuracy at 0.5", "größe/ü", "x".repeat(250));
    var run = Arbitraries.of("r", "s");
    Arbitrary<Entry> point =
        Combinators.combine(
                run,
                key,
                Arbitraries.longs(),
                Arbitraries.longs().greaterOrEqual(0),
                Arbitraries.doubles())
            .as(Entry.Point::new);
    Arbitrary<Entry> param =
        Combinators.combine(run, key, Arbitraries.strings().ofMaxLength(600)).as(Entry.Param::new);
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(20, point), net.jqwik.api.Tuple.of(1, param))
        .list()
        .ofMaxSize(400);
  }

  @Property(tries = 100)
  void whatIsAppendedIsReadInOrderHoweverItIsRead(
      @ForAll("entries") List<Entry> entries,
      @ForAll @net.jqwik.api.constraints.IntRange(min = 1, max = 50) int window)
      throws IOException {
    var place = Files.createTempDirectory("spool");
    try (var spool = Spool.create(place.resolve("s"), "http://x", Long.MAX_VALUE, SEGMENT)) {
      append(spool, entries);
      assertThat(readAll(spool, window)).isEqualTo(entries);
    } finally {
      delete(place);
    }
  }

  private static void append(Spool spool, List<Entry> entries) {
    for (var entry : entries) {
      if (entry instanceof Entry.Point(var run, var key, long step, long at, double value)) {
        spool.point(run, key, step, at, value);
      } else {
        spool.append(entry);
      }
    }
  }

  /// Without what only says that a run goes on.
  private static List<Entry> readAll(Spool spool, int window) throws IOException {
    var found = new ArrayList<Entry>();
    // A window may hold nothing that is told, and others behind it.
    for (var end = spool.end(); ; ) {
      var next = spool.read(window);
      next.entries().stream().filter(each -> !(each instanceof Entry.Open)).forEach(found::add);
      spool.acknowledge(next.end());
      if (next.end().compareTo(end) >= 0) {
        return found;
      }
    }
  }

  private static void delete(Path place) {
    try (var files = Files.walk(place)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Entry.Point point(int step) {
    return new Entry.Point("r", "loss", step, step, step);
  }

  /// A process may be killed, or the power cut, after any byte of a write.
  @Test
  void aTornEndIsLeftOutWhereverItIsTorn() throws IOException {
    var whole = folder.resolve("whole");
    try (var spool = Spool.create(whole, "http://x", Long.MAX_VALUE, SEGMENT)) {
      append(spool, List.of(STARTED, point(1), point(2)));
    }
    var name = "%012d.segment".formatted(0);
    var bytes = Files.readAllBytes(whole.resolve(name));
    int end = bytes.length;
    while (bytes[end - 1] == 0) {
      end--;
    }
    for (int length = end - 33; length < end; length++) {
      var torn = Files.createDirectories(folder.resolve("torn-" + length));
      Files.writeString(torn.resolve("server"), "http://x");
      Files.write(torn.resolve(name), Arrays.copyOf(Arrays.copyOf(bytes, length), bytes.length));
      try (var spool = Objects.requireNonNull(Spool.takeOver(torn, null, SEGMENT))) {
        assertThat(readAll(spool, 100))
            .as("torn at %d of %d", length, end)
            .containsExactly(STARTED, point(1), new Entry.Ended("r", "FAILED", 1));
      }
    }
  }

  @Test
  void whoTakesOverGoesOnAfterWhatArrived() throws IOException {
    var place = folder.resolve("s");
    try (var spool = Spool.create(place, "http://x", Long.MAX_VALUE, SEGMENT)) {
      append(spool, List.of(STARTED, point(1)));
      spool.acknowledge(spool.read(100).end());
      append(spool, List.of(point(2), new Entry.Ended("r", "FINISHED", 9)));
      assertThat(Spool.takeOver(place, null, SEGMENT)).as("while it is held").isNull();
    }
    assertThat(Spool.takeOver(place, "http://another", SEGMENT)).isNull();
    try (var spool = Objects.requireNonNull(Spool.takeOver(place, "http://x", SEGMENT))) {
      assertThat(readAll(spool, 1)).containsExactly(point(2), new Entry.Ended("r", "FINISHED", 9));
    }
    assertThat(place).doesNotExist();
  }

  /// Also when everything but its going on has arrived and was removed.
  @Test
  void aRunThatWasUnderWayHasFailed() throws IOException {
    var place = folder.resolve("s");
    try (var spool = Spool.create(place, "http://x", Long.MAX_VALUE, SEGMENT)) {
      append(spool, List.of(STARTED));
      for (int step = 0; step < 50_000; step++) {
        spool.point("r", "loss", step, step, step);
      }
      for (var next = spool.read(1_000); !next.entries().isEmpty(); next = spool.read(1_000)) {
        spool.acknowledge(next.end());
      }
      spool.point("r", "loss", 50_000, 50_000, 50_000);
    }
    try (var spool = Objects.requireNonNull(Spool.takeOver(place, null, SEGMENT))) {
      assertThat(readAll(spool, 100))
          .containsExactly(point(50_000), new Entry.Ended("r", "FAILED", 50_000));
    }
  }
}

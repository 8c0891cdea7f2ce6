package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
  private static final List<Spool.Entry> ENTRIES =
      List.of(
          new Spool.Entry.Event(RunEvent.newBuilder().setRunId("r").setSeq(1).build()),
          new Spool.Entry.Upload("sha256:" + "0".repeat(64), "/a folder/a\nfile"),
          new Spool.Entry.Report(TaskReport.newBuilder().setTask("train").setSeq(2).build()),
          new Spool.Entry.Event(RunEvent.getDefaultInstance()));

  @TempDir Path folder;

  private static List<Spool.Entry> entries(Spool spool) throws IOException {
    var found = new ArrayList<Spool.Entry>();
    long position = 0;
    for (var next = spool.read(0); next != null; next = spool.read(position)) {
      found.add(next.entry());
      position = next.end();
    }
    return found;
  }

  @Test
  void whatWasAppendedIsReadInOrderAlsoByTheNextOne() throws IOException {
    var file = folder.resolve("spool");
    try (var spool = Spool.open(file)) {
      ENTRIES.forEach(spool::append);
      assertThat(entries(spool)).isEqualTo(ENTRIES);
    }
    try (var spool = Spool.open(file)) {
      spool.append(ENTRIES.getFirst());
      assertThat(entries(spool))
          .hasSize(ENTRIES.size() + 1)
          .startsWith(ENTRIES.toArray(Spool.Entry[]::new));
    }
  }

  @Test
  void onlyReportsNeedNoFileUntilItIsAskedFor() throws IOException {
    var report = ENTRIES.get(2);
    var file = folder.resolve("spool");
    try (var spool = Spool.later(() -> Spool.create(file))) {
      spool.append(report);
      spool.append(report);
      assertThat(entries(spool)).containsExactly(report, report);
      assertThat(spool.isSettled()).isFalse();
      assertThat(file).doesNotExist();
      spool.append(ENTRIES.getFirst());
      spool.append(report);
      assertThat(entries(spool)).containsExactly(report, report, ENTRIES.getFirst(), report);
      assertThat(spool.isSettled()).isTrue();
    }
    try (var spool = Spool.open(file)) {
      assertThat(entries(spool)).containsExactly(report, report, ENTRIES.getFirst(), report);
    }
  }

  @Test
  void aClosedSpoolMakesNoFile() throws IOException {
    var file = folder.resolve("spool");
    var spool = Spool.later(() -> Spool.create(file));
    spool.append(ENTRIES.get(2));
    spool.close();
    spool.settle();
    assertThat(file).doesNotExist();
  }

  /// A process may be killed after any byte of a write.
  @Test
  void aTornEndIsCutOffWhereverItIsTorn() throws IOException {
    var whole = folder.resolve("whole");
    long lastBegins;
    try (var spool = Spool.open(whole)) {
      ENTRIES.subList(0, 3).forEach(spool::append);
      lastBegins = spool.end();
      spool.append(ENTRIES.getFirst());
    }
    var bytes = Files.readAllBytes(whole);
    for (int length = (int) lastBegins; length < bytes.length; length++) {
      var torn = folder.resolve("torn-" + length);
      Files.write(torn, Arrays.copyOf(bytes, length));
      try (var spool = Spool.open(torn)) {
        assertThat(entries(spool)).isEqualTo(ENTRIES.subList(0, 3));
        spool.append(ENTRIES.getLast());
        assertThat(entries(spool)).hasSize(4).endsWith(ENTRIES.getLast());
      }
    }
  }

  @Test
  void aFlippedBitEndsWhatIsBelieved() throws IOException {
    var file = folder.resolve("spool");
    long first;
    try (var spool = Spool.open(file)) {
      spool.append(ENTRIES.get(0));
      first = spool.end();
      spool.append(ENTRIES.get(1));
    }
    var bytes = Files.readAllBytes(file);
    bytes[(int) first + 10] ^= 1;
    Files.write(file, bytes);
    try (var spool = Spool.open(file)) {
      assertThat(entries(spool)).isEqualTo(ENTRIES.subList(0, 1));
    }
  }
}

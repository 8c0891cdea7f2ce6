package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.platform.BlobGc.Outcome;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobGcTest {
  private static final Duration GRACE = Duration.ofHours(24);

  @TempDir Path folder;
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final InstantSource clock = now::get;
  private final Set<String> inUse = ConcurrentHashMap.newKeySet();
  private LocalBlobs blobs;
  private BlobGc gc;

  @BeforeEach
  void open() {
    blobs = new LocalBlobs(folder, clock);
    gc = gc(inUse::forEach);
  }

  private BlobGc gc(BlobReferences... references) {
    return new BlobGc(blobs, List.of(references), GRACE, clock);
  }

  private String put(String content) throws IOException {
    return blobs.put(new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8))).digest();
  }

  private void pass(Duration time) {
    now.updateAndGet(instant -> instant.plus(time));
  }

  @Test
  void deletesWhatNothingRefersTo() throws IOException {
    var used = put("used");
    var unused = put("unused");
    inUse.add(used);
    pass(GRACE.plusSeconds(1));
    var young = put("young");
    assertThat(gc.collect(true)).isEqualTo(new Outcome(true, 2, 1, 6));
    assertThat(blobs.exists(unused)).isTrue();
    assertThat(gc.collect(false)).isEqualTo(new Outcome(false, 2, 1, 6));
    assertThat(blobs.exists(used)).isTrue();
    assertThat(blobs.exists(young)).isTrue();
    assertThat(blobs.exists(unused)).isFalse();
  }

  @Test
  void keepsWhatWasRenewed() throws IOException {
    var digest = put("again");
    pass(GRACE.plusSeconds(1));
    put("again");
    assertThat(gc.collect(false)).isEqualTo(new Outcome(false, 1, 0, 0));
    assertThat(blobs.exists(digest)).isTrue();
  }

  @Test
  void deletesNothingUnlessEveryPartAnswers() throws IOException {
    var digest = put("unused");
    pass(GRACE.plusSeconds(1));
    BlobReferences broken =
        action -> {
          throw new IllegalStateException("the database is away");
        };
    assertThatThrownBy(() -> gc(inUse::forEach, broken).collect(false))
        .hasMessage("the database is away");
    assertThat(blobs.exists(digest)).isTrue();
  }

  /// Each round content is put as if long after it was put before, and referred to after that,
  /// while the collection goes on beside it.
  @Test
  void neverDeletesWhatIsReferredTo() throws Exception {
    var over = new AtomicBoolean();
    var collecting =
        Thread.ofPlatform()
            .start(() -> {
              try {
                while (!over.get()) {
                  gc.collect(false);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      for (int i = 0; i < 500; i++) {
        pass(GRACE.plusSeconds(1));
        var digest = put("content " + i % 5);
        inUse.add(digest);
        assertThat(blobs.exists(digest)).isTrue();
        inUse.remove(digest);
      }
    } finally {
      over.set(true);
      collecting.join();
    }
  }
}

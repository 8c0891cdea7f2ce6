package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What every store of contents does.
abstract class BlobsContract {
  private static final byte[] CONTENT = "some content".getBytes(StandardCharsets.UTF_8);
  private static final String DIGEST = Digests.of(CONTENT);

  /// More than one part of an upload in parts.
  private static final int LARGE = 20 * 1024 * 1024;

  private final AtomicReference<Instant> renewals = new AtomicReference<>(Instant.EPOCH);
  private Blobs blobs;

  abstract Blobs open() throws IOException;

  /// How many uploads are begun or left behind.
  abstract int incoming() throws IOException;

  @BeforeEach
  void openStore() throws IOException {
    blobs = open();
  }

  private static InputStream content() {
    return new ByteArrayInputStream(CONTENT);
  }

  private byte[] read(String digest) throws IOException {
    try (var stream = blobs.open(digest).orElseThrow().stream()) {
      return stream.readAllBytes();
    }
  }

  @Test
  void keepsContentUnderItsDigest() throws IOException {
    assertThat(blobs.exists(DIGEST)).isFalse();
    assertThat(blobs.open(DIGEST)).isEmpty();
    assertThat(blobs.size(DIGEST)).isEmpty();
    assertThat(blobs.renew(DIGEST)).isFalse();
    assertThat(blobs.put(DIGEST, content()))
        .isEqualTo(new Blobs.Stored(DIGEST, CONTENT.length, true));
    assertThat(blobs.put(DIGEST, content()))
        .isEqualTo(new Blobs.Stored(DIGEST, CONTENT.length, false));
    assertThat(blobs.size(DIGEST)).hasValue(CONTENT.length);
    assertThat(blobs.renew(DIGEST)).isTrue();
    assertThat(read(DIGEST)).isEqualTo(CONTENT);
    assertThat(incoming()).isZero();
  }

  @Test
  void findsTheDigestOfContent() throws IOException {
    assertThat(blobs.put(content())).isEqualTo(new Blobs.Stored(DIGEST, CONTENT.length, true));
    assertThat(blobs.put(content())).isEqualTo(new Blobs.Stored(DIGEST, CONTENT.length, false));
    assertThat(read(DIGEST)).isEqualTo(CONTENT);
    assertThat(incoming()).isZero();
  }

  @Test
  void keepsEmptyContent() throws IOException {
    var empty = Digests.of("");
    assertThat(blobs.put(InputStream.nullInputStream()))
        .isEqualTo(new Blobs.Stored(empty, 0, true));
    assertThat(read(empty)).isEmpty();
  }

  @Test
  void keepsLargeContent() throws IOException {
    var large = new byte[LARGE];
    new Random(1).nextBytes(large);
    var digest = Digests.of(large);
    assertThat(blobs.put(new ByteArrayInputStream(large)))
        .isEqualTo(new Blobs.Stored(digest, LARGE, true));
    assertThat(Digests.of(read(digest))).isEqualTo(digest);
    assertThat(incoming()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 4, some",
    "5, 7, content",
    "5, 100, content",
    "11, 1, t",
    "0, 9223372036854775807, some content",
    "3, 9223372036854775807, e content"
  })
  void opensAPart(long from, long length, String expected) throws IOException {
    blobs.put(content());
    var part = blobs.open(DIGEST, from, length).orElseThrow();
    try (var stream = part.stream()) {
      assertThat(part.size()).isEqualTo(CONTENT.length);
      assertThat(stream.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo(expected);
    }
  }

  @Test
  void keepsNothingOfContentWithAnotherDigest() throws IOException {
    var digest = Digests.of("other");
    assertThatThrownBy(() -> blobs.put(digest, content()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("BLOB_DIGEST_MISMATCH")
        .hasMessageContaining(DIGEST);
    assertThat(blobs.exists(digest)).isFalse();
    assertThat(blobs.exists(DIGEST)).isFalse();
    assertThat(incoming()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 10_000_000})
  void keepsNothingOfAStreamThatBreaks(int after) throws IOException {
    var broken =
        new InputStream() {
          private int left = after;

          @Override
          public int read() throws IOException {
            if (left-- == 0) {
              throw new IOException("cut off");
            }
            return 'x';
          }

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left <= 0) {
              throw new IOException("cut off");
            }
            int read = Math.min(length, left);
            left -= read;
            return read;
          }
        };
    assertThatThrownBy(() -> blobs.put(broken)).hasMessage("cut off");
    assertThat(list()).isEmpty();
    assertThat(incoming()).isZero();
  }

  @Test
  void listsWhatIsThere() throws IOException {
    blobs.put(content());
    blobs.put(new ByteArrayInputStream(new byte[3]));
    assertThat(list())
        .extracting(Blobs.Entry::digest, Blobs.Entry::size)
        .containsExactlyInAnyOrder(
            tuple(DIGEST, (long) CONTENT.length), tuple(Digests.of(new byte[3]), 3L));
  }

  private List<Blobs.Entry> list() throws IOException {
    var all = new ArrayList<Blobs.Entry>();
    blobs.forEach(all::add);
    return all;
  }

  @Test
  void deletesOnlyWhatWasNotRenewed() throws IOException {
    blobs.put(content());
    assertThat(blobs.deleteUnlessRenewed(DIGEST, Instant.now().minus(Duration.ofHours(1))))
        .isFalse();
    assertThat(read(DIGEST)).isEqualTo(CONTENT);
    assertThat(blobs.deleteUnlessRenewed(DIGEST, Instant.now().plus(Duration.ofHours(1)))).isTrue();
    assertThat(blobs.exists(DIGEST)).isFalse();
    assertThat(blobs.deleteUnlessRenewed(DIGEST, Instant.now().plus(Duration.ofHours(1))))
        .isFalse();
  }

  /// What a put or a renewal answered for is there afterwards, whatever is deleted beside it.
  @Test
  void neverDeletesWhatWasJustRenewed() throws Exception {
    blobs.put(content());
    var over = new AtomicBoolean();
    var deleting =
        Thread.ofPlatform()
            .start(() -> {
              try {
                while (!over.get()) {
                  blobs.deleteUnlessRenewed(DIGEST, renewals.get());
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      for (int i = 0; i < rounds(); i++) {
        // All before this moment is out of date.
        var now = nextMoment();
        renewals.set(now);
        if (i % 2 == 0) {
          blobs.put(content());
        } else if (!blobs.renew(DIGEST)) {
          blobs.put(DIGEST, content());
        }
        assertThat(read(DIGEST)).isEqualTo(CONTENT);
      }
    } finally {
      over.set(true);
      deleting.join();
    }
  }

  int rounds() {
    return 500;
  }

  /// A time that what is stored from now on is not before, as exact as the store keeps times.
  Instant nextMoment() {
    return Instant.now();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sha256:", "sha256:abc", "../../etc/passwd", "sha256:..%2f"})
  void refusesWhatIsNotADigest(String digest) {
    assertThatThrownBy(() -> blobs.exists(digest)).hasMessageContaining("is not a digest");
  }
}

package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalBlobsTest {
  private static final byte[] CONTENT = "some content".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;
  private LocalBlobs blobs;

  @BeforeEach
  void open() {
    blobs = new LocalBlobs(folder);
  }

  private static InputStream content() {
    return new ByteArrayInputStream(CONTENT);
  }

  @Test
  void keepsContentUnderItsDigest() throws IOException {
    var digest = Digests.of(CONTENT);
    assertThat(blobs.exists(digest)).isFalse();
    assertThat(blobs.put(digest, content())).isEqualTo(new Blobs.Stored(CONTENT.length, true));
    assertThat(blobs.put(digest, content())).isEqualTo(new Blobs.Stored(CONTENT.length, false));
    var stored = blobs.open(digest).orElseThrow();
    try (var stream = stored.stream()) {
      assertThat(stored.size()).isEqualTo(CONTENT.length);
      assertThat(stream.readAllBytes()).isEqualTo(CONTENT);
    }
  }

  @Test
  void keepsNothingOfContentWithAnotherDigest() throws IOException {
    var digest = Digests.of("other");
    assertThatThrownBy(() -> blobs.put(digest, content()))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("BLOB_DIGEST_MISMATCH")
        .hasMessageContaining(Digests.of(CONTENT));
    assertThat(blobs.exists(digest)).isFalse();
    try (var left = Files.walk(folder)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void keepsNothingOfAStreamThatBreaks() throws IOException {
    var broken =
        new InputStream() {
          private int left = 5;

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            bytes[offset] = (byte) read();
            return 1;
          }

          @Override
          public int read() throws IOException {
            if (left-- == 0) {
              throw new IOException("cut off");
            }
            return 'x';
          }
        };
    assertThatThrownBy(() -> blobs.put(Digests.of("xxxxx"), broken)).hasMessage("cut off");
    try (var left = Files.walk(folder)) {
      assertThat(left.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sha256:", "sha256:abc", "../../etc/passwd", "sha256:..%2f"})
  void refusesWhatIsNotADigest(String digest) {
    assertThatThrownBy(() -> blobs.exists(digest)).hasMessageContaining("is not a digest");
  }
}

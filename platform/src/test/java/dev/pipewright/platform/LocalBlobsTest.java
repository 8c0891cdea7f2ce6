package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalBlobsTest extends BlobsContract {
  @TempDir Path folder;

  @Override
  Blobs open() {
    return new LocalBlobs(folder, Clock.systemUTC());
  }

  @Override
  int incoming() throws IOException {
    var incoming = folder.resolve("incoming");
    if (!Files.exists(incoming)) {
      return 0;
    }
    try (var files = Files.list(incoming)) {
      return (int) files.count();
    }
  }

  @Test
  void deletesUploadsOfAServerThatWasKilled() throws IOException {
    var incoming = Files.createDirectories(folder.resolve("incoming"));
    var killed = Files.writeString(incoming.resolve("1"), "half of ");
    Files.setLastModifiedTime(killed, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
    var other = Files.writeString(incoming.resolve("2"), "goes on");
    assertThat(open().deleteAbandoned(Instant.parse("2026-01-02T00:00:00Z"))).isEqualTo(1);
    assertThat(killed).doesNotExist();
    assertThat(other).exists();
  }

  @Test
  void bringsBackWhatAKilledServerSetAside() throws IOException {
    var blobs = open();
    var digest = blobs.put(new ByteArrayInputStream(new byte[3])).digest();
    try (var files = Files.walk(folder.resolve("sha256"))) {
      var file = files.filter(Files::isRegularFile).findFirst().orElseThrow();
      Files.move(file, file.resolveSibling(file.getFileName() + ".deleting"));
    }
    assertThat(blobs.renew(digest)).isFalse();
    assertThat(blobs.deleteAbandoned(Instant.EPOCH)).isZero();
    assertThat(blobs.renew(digest)).isTrue();
  }
}

package dev.pipewright.platform;

import dev.pipewright.contract.home.PrivateFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A secret key in a file beside the data, not in the database: a copy of the database alone gives
/// nothing away. It is made when it is first needed.
public final class KeyFile {
  private static final int KEY_BYTES = 32;

  private final Path file;
  private final ReentrantLock making = new ReentrantLock();
  private volatile byte @Nullable [] key;

  public KeyFile(Path file) {
    this.file = file;
  }

  public Path file() {
    return file;
  }

  public byte[] bytes() {
    var known = key;
    if (known != null) {
      return known;
    }
    making.lock();
    try {
      if (!Files.exists(file)) {
        make();
      }
      var bytes = Files.readAllBytes(file);
      if (bytes.length != KEY_BYTES) {
        throw new IOException(
            file + " has " + bytes.length + " bytes; a key has " + KEY_BYTES + ". Restore it.");
      }
      key = bytes;
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      making.unlock();
    }
  }

  private void make() throws IOException {
    var bytes = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(bytes);
    PrivateFile.write(file, bytes);
  }
}

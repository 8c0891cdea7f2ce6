package dev.pipewright.orchestrator.launch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Whether the disk has room for what an attempt writes. While it has none, attempts would only
/// fail one after the other, so nothing new is launched; it goes on by itself when there is room
/// again.
final class DiskRoom {
  private static final Logger LOG = Logger.getLogger(DiskRoom.class);

  /// What the database and the broker still need when tasks get nothing any more.
  static final long LEAST = 32L << 20;

  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Path folder;
  private final LongSupplier free;
  private long lastLook;
  private boolean full;

  /// @param folder where attempts run
  /// @param free the bytes that are left there
  DiskRoom(Path folder, LongSupplier free) {
    this.folder = folder;
    this.free = free;
    this.lastLook = System.nanoTime() - LOOK.toNanos();
  }

  synchronized boolean isFull() {
    long now = System.nanoTime();
    if (now - lastLook >= LOOK.toNanos()) {
      lastLook = now;
      look();
    }
    return full;
  }

  /// Why nothing is launched; null when that is not so.
  @Nullable String obstacle() {
    return isFull()
        ? "The disk of %s is full: nothing new is launched until %d MiB are free there."
            .formatted(folder, LEAST >> 20)
        : null;
  }

  void look() {
    boolean before = full;
    full = free.getAsLong() < LEAST;
    if (full && !before) {
      LOG.warnf(
          "the disk of %s is full; nothing new is launched until %d MiB are free",
          folder, LEAST >> 20);
    } else if (before && !full) {
      LOG.infof("the disk of %s has room again; tasks are launched", folder);
    }
  }
}

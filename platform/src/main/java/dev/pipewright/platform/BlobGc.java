package dev.pipewright.platform;

import io.quarkus.arc.All;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.LongStream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Deletes the contents that nothing refers to.
///
/// Content comes before what refers to it, so only content is deleted that was neither stored nor
/// renewed for a while before the references were read. Whoever adds a reference later has put or
/// renewed the content within that while, which keeps it.
@ApplicationScoped
public class BlobGc {
  private static final Logger LOG = Logger.getLogger(BlobGc.class);
  private static final Duration LOOK = Duration.ofHours(1);
  private static final Duration BETWEEN = Duration.ofDays(1);
  private static final Duration LONGEST_UPLOAD = Duration.ofDays(1);

  private final Blobs blobs;
  private final List<BlobReferences> references;
  private final Duration grace;
  private final InstantSource clock;
  private final ReentrantLock one = new ReentrantLock();
  private Instant due;
  private @Nullable Loop loop;

  @Inject
  BlobGc(Blobs blobs, @All List<BlobReferences> references, PlatformConfig config, Clock clock) {
    this(blobs, references, config.blobs().grace(), clock);
  }

  BlobGc(Blobs blobs, List<BlobReferences> references, Duration grace, InstantSource clock) {
    this.blobs = blobs;
    this.references = references;
    this.grace = grace;
    this.clock = clock;
    due = clock.instant().plus(LOOK);
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("blob-gc", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean step() throws IOException {
    int abandoned = blobs.deleteAbandoned(clock.instant().minus(LONGEST_UPLOAD));
    if (abandoned > 0) {
      LOG.infof("deleted %d uploads that never ended", abandoned);
    }
    if (!clock.instant().isBefore(due)) {
      var outcome = collect(false);
      due = clock.instant().plus(BETWEEN);
      if (outcome.deleted > 0) {
        LOG.infof(
            "deleted %d blobs (%d bytes) that nothing refers to", outcome.deleted, outcome.bytes);
      }
    }
    return false;
  }

  /// @param kept how many contents stay
  /// @param deleted how many were deleted, or would be
  /// @param bytes the size of those
  public record Outcome(boolean dryRun, long kept, long deleted, long bytes) {}

  /// @param dryRun whether to count only
  public Outcome collect(boolean dryRun) throws IOException {
    one.lock();
    try {
      var since = clock.instant().minus(grace);
      var collection = new Collection(since, inUse(), dryRun);
      blobs.forEach(collection::look);
      return new Outcome(dryRun, collection.kept, collection.deleted, collection.bytes);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      one.unlock();
    }
  }

  /// The beginnings of the digests in use, sorted: 8 bytes each. Two contents that begin alike only
  /// keep each other.
  private long[] inUse() {
    var beginnings = LongStream.builder();
    for (var each : references) {
      each.forEachDigest(digest -> beginnings.add(beginning(digest)));
    }
    var sorted = beginnings.build().toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  private static long beginning(String digest) {
    return Long.parseUnsignedLong(LocalBlobs.hex(digest), 0, 16, 16);
  }

  private final class Collection {
    private final Instant since;
    private final long[] inUse;
    private final boolean dryRun;
    private long kept;
    private long deleted;
    private long bytes;

    Collection(Instant since, long[] inUse, boolean dryRun) {
      this.since = since;
      this.inUse = inUse;
      this.dryRun = dryRun;
    }

    void look(Blobs.Entry entry) {
      if (goes(entry)) {
        deleted++;
        bytes += entry.size();
      } else {
        kept++;
      }
    }

    private boolean goes(Blobs.Entry entry) {
      if (Arrays.binarySearch(inUse, beginning(entry.digest())) >= 0) {
        return false;
      }
      try {
        return dryRun
            ? entry.renewedAt().isBefore(since)
            : blobs.deleteUnlessRenewed(entry.digest(), since);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

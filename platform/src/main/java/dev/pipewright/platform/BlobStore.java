package dev.pipewright.platform;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.Clock;

/// The store that the settings name.
class BlobStore {
  @Produces
  @ApplicationScoped
  Blobs blobs(PlatformConfig config, Db db, Clock clock) {
    return switch (config.blobs().store()) {
      case LOCAL -> new LocalBlobs(config.home().resolve("blobs"), clock);
      case S3 -> new S3Blobs(config.blobs(), BlobLocks.in(db));
    };
  }
}

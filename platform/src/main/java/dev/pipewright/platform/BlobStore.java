package dev.pipewright.platform;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.Clock;

/// The store that the settings name.
class BlobStore {
  @Produces
  @ApplicationScoped
  Blobs blobs(PlatformConfig config, Clock clock) {
    return new LocalBlobs(config.home().resolve("blobs"), clock);
  }
}

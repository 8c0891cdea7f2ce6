package dev.pipewright.platform;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// Content-addressed files. A digest is `sha256:` and 64 hexadecimal digits; what is stored under
/// it never changes.
public interface Blobs {
  /// Stores a stream under its digest; a no-op when it is there already. The stream is read once,
  /// never held in memory.
  ///
  /// @throws dev.pipewright.contract.ProblemException BLOB_DIGEST_MISMATCH when the content has
  ///   another digest; nothing is kept then
  Stored put(String digest, InputStream content) throws IOException;

  boolean exists(String digest);

  Optional<Content> open(String digest) throws IOException;

  /// @param created whether it was not there before
  record Stored(long size, boolean created) {}

  /// The caller closes the stream.
  record Content(long size, InputStream stream) {}
}

package dev.pipewright.platform;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/// Content-addressed files. A digest is `sha256:` and 64 hexadecimal digits; what is stored under
/// it never changes. Content is streamed both ways, never held in memory.
///
/// What nothing refers to is deleted some time after it was stored or renewed last (see [BlobGc]).
/// Whoever is about to refer to content therefore puts or renews it first.
public interface Blobs {
  /// Stores a stream under the digest it turns out to have, and renews it when it is there already.
  Stored put(InputStream content) throws IOException;

  /// Stores a stream under its digest. When it is there already it is renewed, and the stream is
  /// not read.
  ///
  /// @throws dev.pipewright.contract.ProblemException BLOB_DIGEST_MISMATCH when the content has
  ///   another digest; nothing is kept then
  Stored put(String digest, InputStream content) throws IOException;

  /// The size of content; empty when it is not there.
  OptionalLong size(String digest) throws IOException;

  default boolean exists(String digest) throws IOException {
    return size(digest).isPresent();
  }

  /// Counts the content as stored now.
  ///
  /// @return whether it is there
  boolean renew(String digest) throws IOException;

  default Optional<Content> open(String digest) throws IOException {
    return open(digest, 0, Long.MAX_VALUE);
  }

  /// Opens a part, which ends with the content where that is shorter.
  ///
  /// @param from less than the size, or 0
  Optional<Content> open(String digest, long from, long length) throws IOException;

  /// Deletes content that was neither stored nor renewed since a time. Safe beside a [#put] or
  /// [#renew] of the same content.
  ///
  /// @return whether it was deleted
  boolean deleteUnlessRenewed(String digest, Instant since) throws IOException;

  /// Shows all contents, in any order.
  void forEach(Consumer<Entry> action) throws IOException;

  /// Deletes what uploads left behind that began before a time and never ended.
  ///
  /// @return how many
  int deleteAbandoned(Instant before) throws IOException;

  /// An address that anybody may read the content from for a while, without this server between.
  /// Empty where the store cannot give one.
  ///
  /// @param saveAs the name to save it under
  Optional<URI> presign(String digest, String saveAs, Duration validity);

  /// @param created whether it was not there before
  record Stored(String digest, long size, boolean created) {}

  /// The caller closes the stream.
  ///
  /// @param size of the whole content, also when a part was opened
  record Content(long size, InputStream stream) {}

  /// @param renewedAt when it was stored or renewed last
  record Entry(String digest, long size, Instant renewedAt) {}
}

package dev.pipewright.platform;

import java.util.function.Consumer;

/// Names the contents that a part of the server refers to. Every part that keeps digests has one;
/// when one fails, nothing is deleted.
@FunctionalInterface
public interface BlobReferences {
  /// Shows every digest that is referred to, in any order; the same one may come more than once.
  void forEachDigest(Consumer<String> inUse);
}

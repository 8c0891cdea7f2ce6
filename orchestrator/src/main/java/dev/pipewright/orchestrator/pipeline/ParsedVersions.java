package dev.pipewright.orchestrator.pipeline;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import org.jspecify.annotations.Nullable;

/// The versions that are used, as they were parsed: the engine asks for one at every step, and
/// parsing takes up to seconds. A version never changes, so one that is dropped is only read again.
final class ParsedVersions {
  /// Of all that are kept: a task takes about a kilobyte, and two of the largest documents that are
  /// measured fit.
  static final int MOST_TASKS = 120_000;

  /// What a document takes beside its tasks, in tasks.
  private static final int BASE = 10;

  private final Cache<PipelineVersionRow.Key, StoredVersion> versions;

  ParsedVersions(int mostTasks) {
    versions =
        Caffeine.newBuilder()
            .maximumWeight(mostTasks)
            // One that is larger than that counts half of it: it would be parsed at each step if it
            // had no place, or if any other took it.
            .<PipelineVersionRow.Key, StoredVersion>weigher(
                (key, version) -> Math.min(mostTasks / 2, BASE + version.spec().tasks().size()))
            // Nothing happens when one is dropped, so there is nothing to hand to another thread.
            .executor(Runnable::run)
            .build();
  }

  @Nullable StoredVersion get(PipelineVersionRow.Key key) {
    return versions.getIfPresent(key);
  }

  void put(PipelineVersionRow.Key key, StoredVersion version) {
    versions.put(key, version);
  }
}

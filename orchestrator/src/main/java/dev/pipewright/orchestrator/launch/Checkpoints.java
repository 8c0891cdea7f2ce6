package dev.pipewright.orchestrator.launch;

import dev.pipewright.orchestrator.run.RunDeletionStore;
import dev.pipewright.orchestrator.run.RunsDeleted;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.PlatformConfig;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Deletes the checkpoints of runs that were deleted. Those of a run that has ended stay: a retry
/// may go on from them. Folders are compared with the database now and then, so that nothing is
/// left behind by whoever deletes a run, or is killed while doing it.
@ApplicationScoped
class Checkpoints {
  private static final Logger LOG = Logger.getLogger(Checkpoints.class);
  private static final Duration LOOK = Duration.ofHours(1);
  private static final int AT_ONCE = 1_000;

  private final RunDeletionStore runs;
  private final Path folder;
  private @Nullable Loop loop;

  Checkpoints(RunDeletionStore runs, PlatformConfig platform) {
    this.runs = runs;
    this.folder = folder(platform);
  }

  static Path folder(PlatformConfig platform) {
    return platform.home().toAbsolutePath().resolve("checkpoints");
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("checkpoints", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  void onDeleted(@Observes RunsDeleted event) {
    if (loop != null) {
      loop.wake();
    }
  }

  private boolean step() throws IOException {
    var batch = new LinkedHashMap<UUID, Path>();
    int deleted = 0;
    for (var each : folders()) {
      var run = run(each);
      if (run != null) {
        batch.put(run, each);
      }
      if (batch.size() == AT_ONCE) {
        deleted += deleteOf(batch);
        batch.clear();
      }
    }
    deleted += deleteOf(batch);
    if (deleted > 0) {
      LOG.infof("deleted the checkpoints of %d runs that were deleted", deleted);
    }
    return false;
  }

  private List<Path> folders() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var folders = Files.list(folder)) {
      return folders.toList();
    }
  }

  /// Null for what is none of ours.
  private static @Nullable UUID run(Path folder) {
    var name = folder.getFileName().toString();
    try {
      var id = UUID.fromString(name);
      return id.toString().equals(name) ? id : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /// Those of the runs that were deleted.
  private int deleteOf(Map<UUID, Path> folders) {
    int deleted = 0;
    for (var run : runs.deleted(folders.keySet())) {
      try {
        delete(folders.get(run));
        deleted++;
      } catch (IOException | UncheckedIOException e) {
        // The others go all the same; this one is tried again at the next look.
        LOG.warnf("the checkpoints of run %s cannot be deleted: %s", run, e);
      }
    }
    return deleted;
  }

  private static void delete(Path root) throws IOException {
    try (var files = Files.walk(root)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

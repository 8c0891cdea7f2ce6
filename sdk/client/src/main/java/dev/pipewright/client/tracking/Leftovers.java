package dev.pipewright.client.tracking;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Delivers what processes left that died, or ended while the tracker was away.
final class Leftovers {
  private static final System.Logger LOG = System.getLogger(Leftovers.class.getName());

  private Leftovers() {}

  /// Returns when all of it has arrived or the time is over. What other processes are still writing
  /// is left to them.
  ///
  /// @param server only what is for this one; null for all
  /// @return whether all of it has arrived
  static boolean deliver(Path spools, @Nullable String server, long nanos)
      throws InterruptedException {
    boolean all = true;
    long deadline = System.nanoTime() + nanos;
    for (var folder : folders(spools)) {
      try (var spool = Spool.takeOver(folder, server, Tracking.SEGMENT)) {
        if (spool != null) {
          all &= deliver(spool, deadline);
        }
      } catch (IOException e) {
        all = false;
        LOG.log(System.Logger.Level.ERROR, "the spool " + folder + " cannot be read", e);
      }
    }
    return all;
  }

  private static boolean deliver(Spool spool, long deadline) throws InterruptedException {
    try (var calls = new MlflowCalls(URI.create(spool.server));
        var shipper = Shipper.start(spool, calls)) {
      boolean arrived = spool.awaitDelivery(spool.end(), deadline - System.nanoTime());
      shipper.requireComplete();
      return arrived;
    }
  }

  private static List<Path> folders(Path spools) {
    if (!Files.isDirectory(spools)) {
      return List.of();
    }
    try (var children = Files.list(spools)) {
      return children.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the spool folder " + spools + " cannot be read", e);
    }
  }
}

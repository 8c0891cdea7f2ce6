package dev.pipewright.client;

import dev.pipewright.contract.api.GcOutcome;
import dev.pipewright.contract.api.PruneOutcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Looking after a server.
public final class Maintenance {
  private final Http http;

  Maintenance(Http http) {
    this.http = http;
  }

  /// Deletes for good what was deleted so long ago, and the blobs that nothing refers to.
  ///
  /// @param olderThan null for the blobs only
  /// @param dryRun whether to count only
  public GcOutcome gc(@Nullable Duration olderThan, boolean dryRun) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("olderThan", olderThan == null ? null : olderThan.toSeconds() + "s");
    query.put("dryRun", dryRun);
    return http.post(Http.path(List.of("gc"), query), null, null, GcOutcome.class);
  }

  /// Deletes runs that have ended and that nothing keeps: neither the `retention` of their
  /// pipeline's newest version, nor the server's default. It stops after some; `more` then says so.
  ///
  /// @param dryRun whether to say only what would go
  public PruneOutcome prune(boolean dryRun) {
    return http.post(
        Http.path(List.of("prune"), Map.of("dryRun", dryRun)), null, null, PruneOutcome.class);
  }
}

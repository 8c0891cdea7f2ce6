package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Backfill;
import dev.pipewright.contract.api.BackfillSpec;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.Page;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Backfills: runs for times that have passed.
public final class Backfills {
  private final Http http;

  Backfills(Http http) {
    this.http = http;
  }

  /// @throws ProblemException BACKFILL_INVALID with every error
  public Backfill start(BackfillSpec spec) {
    return http.post("/backfills", spec, null, Backfill.class);
  }

  /// One page, newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<Backfill> list(@Nullable String after) {
    return http.get(Http.path(List.of("backfills"), query(after)), new TypeReference<>() {});
  }

  /// @throws ProblemException BACKFILL_NOT_FOUND
  public Backfill get(String id) {
    return http.get(Http.path(List.of("backfills", id), Map.of()), Backfill.class);
  }

  /// Nothing further starts.
  ///
  /// @param runs whether to cancel its runs that are under way, too; otherwise they go on
  /// @throws ProblemException BACKFILL_NOT_FOUND
  public Backfill cancel(String id, boolean runs) {
    return http.post(
        Http.path(List.of("backfills", id, "cancel"), Map.of("runs", runs)),
        null,
        null,
        Backfill.class);
  }

  /// What became of its times.
  ///
  /// @param after the `next` of the page before; null for the first one
  /// @throws ProblemException BACKFILL_NOT_FOUND
  public Page<Fire> history(String id, @Nullable String after) {
    return http.get(
        Http.path(List.of("backfills", id, "history"), query(after)), new TypeReference<>() {});
  }

  private static Map<String, @Nullable Object> query(@Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("after", after);
    return query;
  }
}

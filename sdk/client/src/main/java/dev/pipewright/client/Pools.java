package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Pool;
import dev.pipewright.contract.api.PoolSpec;
import dev.pipewright.contract.api.PoolUses;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Pools: what tasks of any pipeline take from while they run.
public final class Pools {
  private final Http http;

  Pools(Http http) {
    this.http = http;
  }

  /// Makes the pool of this name, or changes it.
  ///
  /// @param slots from 1 to 1,000,000
  /// @param description for people; null leaves it as it is
  public Pool set(String name, int slots, @Nullable String description) {
    return http.put(path(name, Map.of()), new PoolSpec(slots, description), Pool.class);
  }

  /// One page, by name.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<Pool> list(@Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("after", after);
    return http.get(Http.path(List.of("pools"), query), new TypeReference<>() {});
  }

  /// @throws ProblemException POOL_NOT_FOUND
  public Pool get(String name) {
    return http.get(path(name, Map.of()), Pool.class);
  }

  /// Who has slots of it and who waits for it, so many of each at most.
  ///
  /// @throws ProblemException POOL_NOT_FOUND
  public PoolUses uses(String name, int limit) {
    return http.get(
        Http.path(List.of("pools", name, "uses"), Map.of("limit", limit)), PoolUses.class);
  }

  /// @param force also when something needs it
  /// @throws ProblemException POOL_NOT_FOUND, POOL_IN_USE
  public void delete(String name, boolean force) {
    http.delete(path(name, Map.of("force", force)));
  }

  private static String path(String name, Map<String, ?> query) {
    return Http.path(List.of("pools", name), query);
  }
}

package dev.pipewright.contract.api;

import java.util.List;

/// Who has slots of a pool, the oldest first, and who waits for it, the next one first.
public record PoolUses(List<PoolUse> holders, List<PoolUse> waiters) {
  public PoolUses {
    holders = List.copyOf(holders);
    waiters = List.copyOf(waiters);
  }
}

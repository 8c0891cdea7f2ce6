package dev.pipewright.contract.api;

import org.jspecify.annotations.Nullable;

/// What a pool is made with, or changed to.
///
/// @param slots from 1 to 1,000,000
/// @param description for people; null leaves it as it is
public record PoolSpec(@Nullable Integer slots, @Nullable String description) {}

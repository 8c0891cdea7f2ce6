package dev.pipewright.contract.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One page of a list, newest first.
///
/// @param next what to pass as `after` for the following page; null on the last one
public record Page<T>(List<T> items, @Nullable String next) {
  public Page {
    items = List.copyOf(items);
  }
}

package dev.pipewright.language;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Whether a task may take the outputs of an earlier attempt that had the same inputs.
///
/// @param maxAge of the outputs; null for any
public record Cache(boolean on, @Nullable Duration maxAge) {
  public static final Cache OFF = new Cache(false, null);
  public static final Cache ON = new Cache(true, null);
}

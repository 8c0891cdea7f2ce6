package dev.pipewright.platform;

import java.time.Duration;
import java.util.Map;

/// Deletes for good what was deleted some time ago; until then it can be restored.
public interface Expiry {
  /// @param age how long ago it was deleted, at least
  /// @param dryRun whether to count only
  /// @return how many of each kind of thing were deleted, or would be
  Map<String, Long> deleteForGood(Duration age, boolean dryRun);
}

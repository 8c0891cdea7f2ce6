package dev.pipewright.cli;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import java.util.List;

/// What changed between two texts, as `diff -u` says it, without the file names.
final class LineDiff {
  private static final int CONTEXT = 3;

  private LineDiff() {}

  static List<String> of(List<String> before, List<String> after) {
    var lines =
        UnifiedDiffUtils.generateUnifiedDiff(
            "before", "after", before, DiffUtils.diff(before, after), CONTEXT);
    return lines.size() <= 2 ? List.of() : lines.subList(2, lines.size());
  }
}

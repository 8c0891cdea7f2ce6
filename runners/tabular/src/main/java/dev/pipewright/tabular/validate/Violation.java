package dev.pipewright.tabular.validate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Something that is not as expected.
///
/// @param rule the expectation's key: `type`, `min`, `unique`, …
/// @param column null where it is about the table
/// @param rows how many rows are so; 0 where it is about the column as a whole
/// @param examples some of these rows
@JsonInclude(JsonInclude.Include.NON_NULL)
record Violation(
    String rule, @Nullable String column, String message, long rows, List<Example> examples) {
  static final int MOST_EXAMPLES = 5;

  /// @param row the first below the header is 1
  record Example(long row, String value) {}
}

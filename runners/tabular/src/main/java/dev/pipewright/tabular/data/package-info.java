/// Tables as columns of numbers and pooled texts, outside the heap where they are large; their
/// readers; and what can be seen of a column by looking at it.
@NullMarked
package dev.pipewright.tabular.data;

import org.jspecify.annotations.NullMarked;

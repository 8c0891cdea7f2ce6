/// Deletes runs that nobody asked to keep.
@NullMarked
package dev.pipewright.orchestrator.retention;

import org.jspecify.annotations.NullMarked;

/// Deletes runs, experiments and models: so that they can be restored, and for good.
@NullMarked
package dev.pipewright.tracker.deletion;

import org.jspecify.annotations.NullMarked;

/// Empties the tracker between the cases of a test suite that runs against a whole server.
@NullMarked
package dev.pipewright.tracker.reset;

import org.jspecify.annotations.NullMarked;

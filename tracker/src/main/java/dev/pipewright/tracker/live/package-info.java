/// What is happening to a run, as server-sent events.
@NullMarked
package dev.pipewright.tracker.live;

import org.jspecify.annotations.NullMarked;

/// Tells other systems what changed here.
@NullMarked
package dev.pipewright.tracker.webhook;

import org.jspecify.annotations.NullMarked;

/// Runs that start because something happened: a message from outside, or an event here.
@NullMarked
package dev.pipewright.orchestrator.trigger;

import org.jspecify.annotations.NullMarked;

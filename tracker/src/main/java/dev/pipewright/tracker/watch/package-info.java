/// Tells whoever asked for it what is new of a metric.
@NullMarked
package dev.pipewright.tracker.watch;

import org.jspecify.annotations.NullMarked;

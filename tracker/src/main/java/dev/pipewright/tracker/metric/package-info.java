/// Metrics: packed chunks of points, the newest values, and charts of them.
@NullMarked
package dev.pipewright.tracker.metric;

import org.jspecify.annotations.NullMarked;

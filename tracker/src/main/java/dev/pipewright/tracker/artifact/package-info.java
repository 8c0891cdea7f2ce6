/// Files and logs of a run, and the blobs behind them.
@NullMarked
package dev.pipewright.tracker.artifact;

import org.jspecify.annotations.NullMarked;

/// Runs and their experiments: params, tags, datasets, status.
@NullMarked
package dev.pipewright.tracker.run;

import org.jspecify.annotations.NullMarked;

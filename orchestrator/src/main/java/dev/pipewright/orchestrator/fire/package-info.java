/// Occasions to start runs, whatever they come from: each starts one run, exactly once.
@NullMarked
package dev.pipewright.orchestrator.fire;

import org.jspecify.annotations.NullMarked;

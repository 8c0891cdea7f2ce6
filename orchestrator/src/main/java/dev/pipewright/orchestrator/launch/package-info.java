/// Starts task attempts somewhere, and knows whether they still run.
@NullMarked
package dev.pipewright.orchestrator.launch;

import org.jspecify.annotations.NullMarked;

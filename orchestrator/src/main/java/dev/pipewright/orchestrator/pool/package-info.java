/// Pools: what tasks of any pipeline take from while they run.
@NullMarked
package dev.pipewright.orchestrator.pool;

import org.jspecify.annotations.NullMarked;

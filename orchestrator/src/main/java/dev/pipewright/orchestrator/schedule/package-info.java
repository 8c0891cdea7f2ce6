/// Runs that start by the clock, and those that make up for times that passed.
@NullMarked
package dev.pipewright.orchestrator.schedule;

import org.jspecify.annotations.NullMarked;

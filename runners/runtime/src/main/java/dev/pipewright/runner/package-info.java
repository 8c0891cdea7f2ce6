/// What runs inside a task: stages inputs, runs the work, captures what it leaves behind, and ships
/// events to Kafka from a local spool.
@NullMarked
package dev.pipewright.runner;

import org.jspecify.annotations.NullMarked;

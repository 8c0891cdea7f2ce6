/// Stores what is logged to runs: events from Kafka, each exactly once, and writes over REST, each
/// durable before it is acknowledged.
@NullMarked
package dev.pipewright.tracker.ingest;

import org.jspecify.annotations.NullMarked;

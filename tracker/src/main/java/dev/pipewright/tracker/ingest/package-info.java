/// Stores run events from Kafka, exactly once.
@NullMarked
package dev.pipewright.tracker.ingest;

import org.jspecify.annotations.NullMarked;

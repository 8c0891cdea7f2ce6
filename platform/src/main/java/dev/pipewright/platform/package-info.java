/// What orchestrator and tracker both need: the database, the outbox, the topic consumer, blobs,
/// problems on the wire. Flat and small; nothing here knows a pipeline or a run.
@NullMarked
package dev.pipewright.platform;

import org.jspecify.annotations.NullMarked;

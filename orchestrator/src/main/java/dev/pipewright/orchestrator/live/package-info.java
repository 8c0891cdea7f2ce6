/// What is happening to pipeline runs, as server-sent events.
@NullMarked
package dev.pipewright.orchestrator.live;

import org.jspecify.annotations.NullMarked;

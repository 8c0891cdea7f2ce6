package dev.pipewright.orchestrator.trigger;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.orchestrator.trigger.TriggerRules.Source;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An event here, as triggers see it.
///
/// @param id unique, and the same when the event is told again
/// @param event such as `model-alias`
/// @param data what expressions see as `event`
/// @param chain the triggers whose runs led to it, oldest first
record Happening(
    String id,
    String event,
    Instant at,
    String name,
    @Nullable String alias,
    @Nullable String state,
    ObjectNode data,
    List<String> chain) {

  boolean concerns(Source.On on) {
    return on.event().equals(event)
        && (on.name() == null || on.name().equals(name))
        && (on.alias() == null || on.alias().equals(alias))
        && (on.state() == null || on.state().equals(state));
  }
}

package dev.pipewright.orchestrator.trigger;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.language.CelJson;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.NewFire;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.FireStore.Settled;
import dev.pipewright.orchestrator.fire.Mapping;
import dev.pipewright.orchestrator.fire.Wanted;
import dev.pipewright.orchestrator.trigger.TriggerRules.Source;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Decides what triggers make of what happened.
@ApplicationScoped
class Triggers {
  private static final Logger LOG = Logger.getLogger(Triggers.class);
  static final int LONGEST_CHAIN = 10;
  private static final String CHAIN = "chain";

  private final TriggerStore store;
  private final FireStore fires;
  private final Clock clock;

  Triggers(TriggerStore store, FireStore fires, Clock clock) {
    this.store = store;
    this.fires = fires;
    this.clock = clock;
  }

  /// Notes an occasion for each trigger that an event concerns. An event that is told again has the
  /// same occasions, which are there already.
  ///
  /// @return how many
  int happened(Handle tx, Happening happening) {
    int noted = 0;
    for (var row : store.listening(tx, happening.event(), happening.at())) {
      var fire = fire(row, happening);
      if (fire != null) {
        noted += fires.add(tx, fire, clock.instant()).isPresent() ? 1 : 0;
      }
    }
    return noted;
  }

  /// Null when the event does not concern the trigger.
  private @Nullable NewFire fire(TriggerStore.Row row, Happening happening) {
    var key = "trigger:%s/%d:%s".formatted(row.name(), row.number(), happening.id());
    try {
      var rules = TriggerRules.stored(row.json());
      return rules.source() instanceof Source.On on && happening.concerns(on)
          ? fire(row, rules, key, happening)
          : null;
    } catch (RuntimeException e) {
      // One trigger that cannot be read must not hold up what others are told.
      LOG.errorf(e, "the trigger %s cannot be used", row.name());
      return NewFire.settled(
          Owner.TRIGGER,
          row.number(),
          key,
          happening.at(),
          Settled.refused(
              Problem.of(ProblemCode.INTERNAL, "The trigger cannot be read; apply it again.")));
    }
  }

  private NewFire fire(TriggerStore.Row row, TriggerRules rules, String key, Happening happening) {
    var loop = loop(row.name(), rules, happening.chain());
    if (loop != null) {
      return NewFire.settled(
          Owner.TRIGGER, row.number(), key, happening.at(), Settled.refused(loop));
    }
    var chain = Json.MAPPER.createArrayNode();
    happening.chain().forEach(chain::add);
    chain.add(row.name());
    var origin = new LinkedHashMap<String, JsonNode>();
    origin.put("by", TextNode.valueOf("event"));
    origin.put("trigger", TextNode.valueOf(row.name()));
    origin.put("event", happening.data());
    origin.put(CHAIN, chain);
    return decide(
        row.number(),
        rules,
        key,
        happening.at(),
        Map.of("event", CelJson.toCel(happening.data())),
        origin,
        clock.instant());
  }

  /// A problem when the trigger would start what started it, or too many led here.
  private static @Nullable Problem loop(String trigger, TriggerRules rules, List<String> chain) {
    if (chain.contains(trigger) && !rules.allowSelf()) {
      return Problem.of(
          ProblemCode.TRIGGER_LOOP,
          "What happened came of a run that this trigger had started: "
              + String.join(", ", chain)
              + ".");
    }
    if (chain.size() >= LONGEST_CHAIN) {
      return Problem.of(
          ProblemCode.TRIGGER_LOOP,
          "What happened came of %d triggers one after the other: %s. There may be %d."
              .formatted(chain.size(), String.join(", ", chain), LONGEST_CHAIN));
    }
    return null;
  }

  /// What a trigger makes of what it sees.
  ///
  /// @param due when to start it
  static NewFire decide(
      long trigger,
      TriggerRules rules,
      String key,
      Instant at,
      Map<String, Object> variables,
      Map<String, JsonNode> origin,
      Instant due) {
    var errors = new ArrayList<Problem.Violation>();
    try {
      if (!Mapping.holds(rules.when(), variables)) {
        return NewFire.settled(
            Owner.TRIGGER, trigger, key, at, Settled.skipped("The trigger's 'when' is false."));
      }
    } catch (Mapping.Failed e) {
      errors.add(e.violation());
    }
    var params = Mapping.values(rules.params(), variables, errors);
    if (!errors.isEmpty()) {
      return NewFire.settled(
          Owner.TRIGGER,
          trigger,
          key,
          at,
          Settled.refused(
              Problem.of(ProblemCode.TRIGGER_MAPPING_FAILED, errors.getFirst().message(), errors)));
    }
    return NewFire.planned(
        Owner.TRIGGER,
        trigger,
        key,
        at,
        new Wanted(rules.pipeline(), rules.version(), params, rules.priority(), origin),
        due,
        null);
  }

  /// The triggers whose runs led to a run.
  ///
  /// @param run the id of a pipeline run; null or empty for none
  List<String> chain(Handle tx, @Nullable String run) {
    if (run == null || run.isEmpty()) {
      return List.of();
    }
    var chain = new ArrayList<String>();
    try {
      store
          .origin(tx, UUID.fromString(run))
          .ifPresent(origin -> origin.path(CHAIN).forEach(name -> chain.add(name.asText())));
    } catch (IllegalArgumentException e) {
      // A run of another server.
      return List.of();
    }
    return chain;
  }

  static ObjectNode data(String event, Instant at, String name) {
    return Json.MAPPER
        .createObjectNode()
        .put("event", event)
        .put("at", at.toString())
        .put("name", name);
  }
}

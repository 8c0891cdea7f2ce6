package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.NewFire;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.FireStore.Settled;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.fire.Mapping;
import dev.pipewright.orchestrator.fire.Wanted;
import dev.pipewright.orchestrator.schedule.SchedulePlanner.Planned;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Notes the occasions of schedules whose time has come. The occasions and the schedule's next time
/// are written in one transaction, by whoever holds the schedule's row: each time is dealt with
/// once, however many servers there are and whenever they end.
@ApplicationScoped
class ScheduleLoop {
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration PAUSE = Duration.ofSeconds(30);

  private final Db db;
  private final ScheduleStore schedules;
  private final FireStore fires;
  private final Runnable planned;
  private final InstantSource clock;
  private final Map<Long, Instant> aside = new ConcurrentHashMap<>();
  private @Nullable Loop loop;

  @jakarta.inject.Inject
  ScheduleLoop(
      Db db, ScheduleStore schedules, FireStore fires, Fires starts, java.time.Clock clock) {
    this(db, schedules, fires, starts::wake, clock);
  }

  /// @param planned called after occasions were noted
  ScheduleLoop(
      Db db, ScheduleStore schedules, FireStore fires, Runnable planned, InstantSource clock) {
    this.db = db;
    this.schedules = schedules;
    this.fires = fires;
    this.planned = planned;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("schedules", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  /// Deals with one schedule.
  ///
  /// @return whether there was one
  boolean step() {
    boolean found = db.inTransaction(this::deal);
    if (found) {
      planned.run();
    }
    return found;
  }

  boolean deal(Handle tx) {
    var now = clock.instant();
    aside.values().removeIf(until -> !now.isBefore(until));
    var row = schedules.due(tx, now, aside.keySet()).orElse(null);
    if (row == null) {
      return false;
    }
    try {
      deal(tx, row, now);
      return true;
    } catch (RuntimeException e) {
      // One that cannot be dealt with must not hold up the others.
      if (!Db.isTransient(e)) {
        aside.put(row.number(), now.plus(PAUSE));
      }
      throw e;
    }
  }

  private void deal(Handle tx, ScheduleStore.Row row, Instant now) {
    var next = row.nextAt();
    var rules = row.rules();
    var plan = SchedulePlanner.plan(rules, row.number(), next == null ? now : next, now);
    for (var each : plan.fires()) {
      fires.add(tx, fire(row, rules, each), now);
    }
    schedules.dealtWith(tx, row.number(), plan.next());
  }

  private static NewFire fire(ScheduleStore.Row row, Rules rules, Planned planned) {
    // The number too: a schedule of the same name made anew has times of its own.
    var key = "schedule:%s/%d:%s".formatted(row.name(), row.number(), planned.time());
    if (planned.skipped() != null) {
      return new NewFire(
          Owner.SCHEDULE,
          row.number(),
          key,
          planned.time(),
          planned.times() == 1 ? null : planned.until(),
          planned.times(),
          null,
          null,
          null,
          Settled.skipped(planned.skipped()));
    }
    var origin = Map.<String, JsonNode>of("by", text("schedule"), "schedule", text(row.name()));
    return fire(
        Owner.SCHEDULE,
        row.number(),
        row.name(),
        key,
        rules,
        planned.time(),
        planned.due(),
        planned.deadline(),
        origin);
  }

  /// The occasion for one time, or its refusal when the params cannot be made.
  static NewFire fire(
      Owner owner,
      long number,
      String name,
      String key,
      Rules rules,
      Instant time,
      @Nullable Instant due,
      @Nullable Instant deadline,
      Map<String, JsonNode> origin) {
    var errors = new ArrayList<Problem.Violation>();
    var params = Mapping.values(rules.params(), rules.variables(name, time), errors);
    if (!errors.isEmpty()) {
      return NewFire.settled(
          owner,
          number,
          key,
          time,
          Settled.refused(
              Problem.of(ProblemCode.EXPRESSION_FAILED, errors.getFirst().message(), errors)));
    }
    return NewFire.planned(
        owner,
        number,
        key,
        time,
        new Wanted(rules.pipeline(), rules.version(), params, rules.priority(), origin),
        due,
        deadline);
  }

  static JsonNode text(String text) {
    return TextNode.valueOf(text);
  }
}

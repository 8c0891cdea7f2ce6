package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.NextTimes;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Schedule;
import dev.pipewright.contract.api.ScheduleSpec;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.schedule.ScheduleStore.Row;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/schedules")
@Tag(name = "Schedules")
@RunOnVirtualThread
class ScheduleResource {
  private static final int SHOWN = 5;
  private static final int MOST_SHOWN = 100;
  private static final List<String> TIMES = List.of("cron", "every", "timeZone", "start", "end");

  private final Db db;
  private final ScheduleStore schedules;
  private final FireStore fires;
  private final Fires starts;
  private final Clock clock;

  ScheduleResource(Db db, ScheduleStore schedules, FireStore fires, Fires starts, Clock clock) {
    this.db = db;
    this.schedules = schedules;
    this.fires = fires;
    this.starts = starts;
    this.clock = clock;
  }

  @PUT
  @Path("{name}")
  @Operation(
      summary = "Make a schedule or change it",
      description =
          "201 for a new one. Times that have passed are not made up for; that is what backfills are for."
              + " Where the times stay as they are, those not dealt with yet stay too.")
  public RestResponse<Schedule> apply(
      @PathParam("name") String name,
      @RequestBody(content = @Content(schema = @Schema(implementation = ScheduleSpec.class)))
          @Nullable JsonNode body) {
    var fields = Fields.of(body);
    fields.checkName("schedule", name);
    var rules = ScheduleReader.read(fields);
    var now = clock.instant();
    var example = rules.after(now).orElse(now);
    starts.check(
        fields, rules.pipeline(), rules.version(), rules.params(), rules.variables(name, example));
    fields.require(ProblemCode.SCHEDULE_INVALID, "The schedule '" + name + "'");
    boolean created =
        db.inTransaction(tx -> {
          var before = schedules.lock(tx, name);
          boolean paused =
              body.path("paused").isBoolean()
                  ? body.path("paused").booleanValue()
                  : before.map(Row::paused).orElse(false);
          var spec = body.<ObjectNode>deepCopy();
          spec.remove("paused");
          if (before.isEmpty()) {
            if (schedules.create(tx, name, spec, paused, next(rules, paused, now), now)) {
              return true;
            }
            // Somebody was faster; what they made is changed.
            before = schedules.lock(tx, name);
          }
          var row = before.orElseThrow(() -> notFound(name));
          var next =
              !paused && !row.paused() && sameTimes(row.json(), spec)
                  ? row.nextAt()
                  : next(rules, paused, now);
          schedules.update(tx, row.number(), spec, paused, next, now);
          return false;
        });
    return RestResponse.status(
        created ? RestResponse.Status.CREATED : RestResponse.Status.OK, get(name));
  }

  private static @Nullable Instant next(Rules rules, boolean paused, Instant now) {
    return paused ? null : rules.after(now).orElse(null);
  }

  private static boolean sameTimes(JsonNode one, JsonNode other) {
    return TIMES.stream().allMatch(key -> one.path(key).equals(other.path(key)));
  }

  @GET
  @Operation(summary = "Schedules, newest first")
  public Page<Schedule> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return Paging.page(
        schedules.list(Paging.limit(limit), Paging.number(after)),
        limit,
        row -> String.valueOf(row.number()),
        this::body);
  }

  @GET
  @Path("{name}")
  @Operation(summary = "One schedule")
  public Schedule get(@PathParam("name") String name) {
    return body(row(name));
  }

  @DELETE
  @Path("{name}")
  @Operation(
      summary = "Delete a schedule and its history",
      description = "Runs that it started stay; those it was about to start do not start.")
  public void delete(@PathParam("name") String name) {
    if (!schedules.delete(name)) {
      throw notFound(name);
    }
  }

  @POST
  @Path("{name}/pause")
  @Operation(summary = "Let a schedule start nothing for now")
  public Schedule pause(@PathParam("name") String name) {
    return pause(name, true);
  }

  @POST
  @Path("{name}/resume")
  @Operation(
      summary = "Let a paused schedule go on",
      description = "With the next time from now; those of the pause are not made up for.")
  public Schedule resume(@PathParam("name") String name) {
    return pause(name, false);
  }

  private Schedule pause(String name, boolean paused) {
    var now = clock.instant();
    db.useTransaction(tx -> {
      var row = schedules.lock(tx, name).orElseThrow(() -> notFound(name));
      if (row.paused() != paused) {
        schedules.update(tx, row.number(), row.json(), paused, next(row.rules(), paused, now), now);
      }
    });
    return get(name);
  }

  @GET
  @Path("{name}/next")
  @Operation(
      summary = "The next times of a schedule",
      description = "Also of a paused one: what they would be if it were resumed now.")
  public NextTimes next(
      @PathParam("name") String name, @QueryParam("limit") @DefaultValue("5") int limit) {
    if (limit < 1 || limit > MOST_SHOWN) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "limit=" + limit + " is not between 1 and " + MOST_SHOWN + ".");
    }
    return new NextTimes(row(name).rules().next(clock.instant(), limit));
  }

  @GET
  @Path("{name}/history")
  @Operation(
      summary = "What became of a schedule's times, newest first",
      description = "Kept for 30 days.")
  public Page<Fire> history(
      @PathParam("name") String name,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return fires.history(
        Owner.SCHEDULE, row(name).number(), Paging.limit(limit), Paging.number(after));
  }

  private Row row(String name) {
    return schedules.find(name).orElseThrow(() -> notFound(name));
  }

  static ProblemException notFound(String name) {
    return new ProblemException(
        ProblemCode.SCHEDULE_NOT_FOUND, "There is no schedule '" + name + "'.");
  }

  private Schedule body(Row row) {
    var next =
        row.paused()
            ? List.<Instant>of()
            : Optional.ofNullable(row.nextAt())
                .map(at -> row.rules().next(at.minusNanos(1), SHOWN))
                .orElse(List.of());
    return new Schedule(
        row.name(),
        spec(row.json()),
        row.paused(),
        next,
        fires.last(Owner.SCHEDULE, row.number()),
        row.createdAt(),
        row.updatedAt());
  }

  private static ScheduleSpec spec(JsonNode json) {
    try {
      return Json.MAPPER.treeToValue(json, ScheduleSpec.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored schedule is damaged", e);
    }
  }
}

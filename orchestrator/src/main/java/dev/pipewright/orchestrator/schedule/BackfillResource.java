package dev.pipewright.orchestrator.schedule;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Backfill;
import dev.pipewright.contract.api.BackfillSpec;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.Page;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.run.RunLoop;
import dev.pipewright.orchestrator.schedule.BackfillStore.Counts;
import dev.pipewright.orchestrator.schedule.BackfillStore.Row;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/backfills")
@Tag(name = "Backfills")
@RunOnVirtualThread
class BackfillResource {

  private final Db db;
  private final BackfillStore backfills;
  private final ScheduleStore schedules;
  private final FireStore fires;
  private final Fires starts;
  private final BackfillLoop loop;
  private final RunLoop runs;
  private final Clock clock;

  BackfillResource(
      Db db,
      BackfillStore backfills,
      ScheduleStore schedules,
      FireStore fires,
      Fires starts,
      BackfillLoop loop,
      RunLoop runs,
      Clock clock) {
    this.db = db;
    this.backfills = backfills;
    this.schedules = schedules;
    this.fires = fires;
    this.starts = starts;
    this.loop = loop;
    this.runs = runs;
    this.clock = clock;
  }

  @POST
  @Operation(
      summary = "Start runs for the times of a range",
      description =
          "10,000 times at most. Times that have a succeeded run of the pipeline are passed over.")
  public RestResponse<Backfill> create(
      @RequestBody(content = @Content(schema = @Schema(implementation = BackfillSpec.class)))
          @Nullable JsonNode body) {
    var fields = Fields.of(body);
    var read = BackfillReader.read(fields, body, schedules::find);
    var rules = read.rules();
    if (!read.times().isEmpty()) {
      starts.check(
          fields,
          rules.pipeline(),
          rules.version(),
          rules.params(),
          rules.variables(read.name(), read.times().getFirst()));
    }
    fields.require(ProblemCode.BACKFILL_INVALID, "The backfill");
    var now = clock.instant();
    var id = Ids.uuid7(now.toEpochMilli());
    db.useTransaction(tx -> {
      long number = backfills.create(tx, id, body, read.spec(), rules.pipeline(), now);
      var origin =
          Map.<String, JsonNode>of(
              "by", ScheduleLoop.text("backfill"), "backfill", ScheduleLoop.text(id.toString()));
      for (var time : read.times()) {
        fires.add(
            tx,
            ScheduleLoop.fire(
                Owner.BACKFILL,
                number,
                read.name(),
                "backfill:%s:%s".formatted(id, time),
                rules,
                time,
                null,
                null,
                origin),
            now);
      }
    });
    loop.wake();
    return RestResponse.status(RestResponse.Status.CREATED, get(id.toString()));
  }

  @GET
  @Operation(summary = "Backfills, newest first")
  public Page<Backfill> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    var rows = backfills.list(Paging.limit(limit), Paging.number(after));
    var counts = counts(rows);
    return Paging.page(
        rows,
        limit,
        row -> String.valueOf(row.number()),
        row -> body(row, counts.get(row.number())));
  }

  @GET
  @Path("{id}")
  @Operation(summary = "One backfill and how far it is")
  public Backfill get(@PathParam("id") String id) {
    var row = row(id);
    return body(row, counts(List.of(row)).get(row.number()));
  }

  @POST
  @Path("{id}/cancel")
  @Operation(
      summary = "Cancel a backfill",
      description =
          "Nothing further starts. Runs that are under way go on, unless `runs=true` cancels them too;"
              + " that can also be asked for later.")
  public Backfill cancel(
      @PathParam("id") String id, @QueryParam("runs") @DefaultValue("false") boolean withRuns) {
    var known = row(id);
    var now = clock.instant();
    var cancelled =
        db.inTransaction(tx -> {
          var row = backfills.lock(tx, known.id()).orElseThrow(() -> notFound(id));
          if (row.state().equals("RUNNING")) {
            backfills.skipHeld(tx, row.number(), Fires.CANCELLED, now);
            backfills.end(tx, row.number(), "CANCELLED", now);
          }
          return withRuns
              ? backfills.cancelRuns(tx, row.number(), Fires.CANCELLED, now)
              : List.<UUID>of();
        });
    cancelled.forEach(runs::look);
    return get(id);
  }

  @GET
  @Path("{id}/history")
  @Operation(summary = "What became of a backfill's times", description = "Kept for 30 days.")
  public Page<Fire> history(
      @PathParam("id") String id,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return fires.history(
        Owner.BACKFILL, row(id).number(), Paging.limit(limit), Paging.number(after));
  }

  private Row row(String id) {
    try {
      return backfills.find(UUID.fromString(id)).orElseThrow(() -> notFound(id));
    } catch (IllegalArgumentException e) {
      throw notFound(id);
    }
  }

  private static ProblemException notFound(String id) {
    return new ProblemException(
        ProblemCode.BACKFILL_NOT_FOUND, "There is no backfill '" + id + "'.");
  }

  private Map<Long, Counts> counts(List<Row> rows) {
    return backfills.counts(rows.stream().map(Row::number).toList()).stream()
        .collect(Collectors.toMap(Counts::backfill, Function.identity()));
  }

  private static Backfill body(Row row, Counts counts) {
    return new Backfill(
        row.id().toString(),
        asked(row),
        row.pipeline(),
        row.state(),
        counts.total(),
        counts.waiting(),
        counts.running(),
        counts.succeeded(),
        counts.failed(),
        counts.skipped(),
        counts.refused(),
        row.createdAt(),
        row.endedAt());
  }

  private static BackfillSpec asked(Row row) {
    try {
      return Json.MAPPER.readValue(row.asked(), BackfillSpec.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored backfill is damaged", e);
    }
  }
}

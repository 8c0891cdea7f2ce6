package dev.pipewright.orchestrator.study;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Study;
import dev.pipewright.contract.api.StudyAsk;
import dev.pipewright.contract.api.StudyAsked;
import dev.pipewright.contract.api.StudyCurves;
import dev.pipewright.contract.api.StudyEnqueue;
import dev.pipewright.contract.api.StudyReport;
import dev.pipewright.contract.api.StudyResult;
import dev.pipewright.contract.api.StudySpec;
import dev.pipewright.contract.api.StudyTold;
import dev.pipewright.contract.api.StudyTrial;
import dev.pipewright.contract.api.StudyVerdict;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.orchestrator.study.StudyStore.StudyRow;
import dev.pipewright.orchestrator.study.StudyStore.TrialRow;
import dev.pipewright.platform.Paging;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/studies")
@Tag(name = "Studies")
@RunOnVirtualThread
class StudyResource {
  private final Studies studies;
  private final StudyStore store;

  StudyResource(Studies studies, StudyStore store) {
    this.studies = studies;
    this.store = store;
  }

  @PUT
  @Path("{name}")
  @Operation(
      summary = "Make a study",
      description =
          "201 for a new one; 200 where there is one of that name with the same spec, so that each of"
              + " several workers may begin with this.")
  public RestResponse<Study> create(
      @PathParam("name") String name,
      @RequestBody(content = @Content(schema = @Schema(implementation = StudySpec.class)))
          @Nullable JsonNode body) {
    boolean created = studies.create(name, body);
    return RestResponse.status(
        created ? RestResponse.Status.CREATED : RestResponse.Status.OK, get(name));
  }

  @GET
  @Operation(summary = "Studies, newest first")
  public Page<Study> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    var rows = store.list(Paging.limit(limit), Paging.number(after));
    var counts = store.counts(rows.stream().map(StudyRow::number).toList());
    return Paging.page(
        rows,
        limit,
        row -> String.valueOf(row.number()),
        row -> body(row, counts.getOrDefault(row.number(), Map.of())));
  }

  @GET
  @Path("{name}")
  @Operation(summary = "One study")
  public Study get(@PathParam("name") String name) {
    var row = row(name);
    return body(row, store.counts(List.of(row.number())).getOrDefault(row.number(), Map.of()));
  }

  @DELETE
  @Path("{name}")
  @Operation(summary = "Delete a study and its trials")
  public void delete(@PathParam("name") String name) {
    studies.delete(name);
  }

  @POST
  @Path("{name}/stop")
  @Operation(
      summary = "Make no further trials",
      description = "Those that run are told to stop when they next report.")
  public Study stop(@PathParam("name") String name) {
    studies.stop(name);
    return get(name);
  }

  @POST
  @Path("{name}/ask")
  @Operation(
      summary = "Get the next trial to run",
      description =
          "One that was paused and may go on, one that waits, or a new one. The trial is the worker's until"
              + " the lease has passed without a report. A repeated request with the same"
              + " Idempotency-Key gets the same trial.")
  public StudyAsked ask(
      @PathParam("name") String name,
      @HeaderParam("Idempotency-Key") @Nullable String idempotencyKey,
      @Nullable StudyAsk request) {
    var asked =
        studies.ask(name, request == null ? null : text(request.worker()), text(idempotencyKey));
    return new StudyAsked(
        asked.trial() == null ? null : body(asked.trial(), asked.budget(), asked.resumed(), null),
        asked.ended());
  }

  @POST
  @Path("{name}/enqueue")
  @Operation(summary = "Have params tried before any others")
  public RestResponse<StudyTrial> enqueue(
      @PathParam("name") String name, @Nullable StudyEnqueue request) {
    var params = request == null ? null : request.params();
    if (params == null) {
      throw new ProblemException(ProblemCode.BAD_REQUEST, "'params' is missing.");
    }
    int number = studies.enqueue(name, plain(params));
    return RestResponse.status(RestResponse.Status.CREATED, trial(name, number));
  }

  private static @Nullable String text(@Nullable String text) {
    if (text != null && text.indexOf('\0') >= 0) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "The request holds a NUL character, which cannot be kept.");
    }
    return text;
  }

  private static Map<String, ?> plain(Map<String, JsonNode> params) {
    if (Fields.hasNul(Json.MAPPER.valueToTree(params))) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "The body holds a NUL character, which cannot be kept.");
    }
    return Json.MAPPER.convertValue(params, StudyStore.VALUES);
  }

  @GET
  @Path("{name}/trials")
  @Operation(summary = "Trials of a study, newest first, without their reports")
  public Page<StudyTrial> trials(
      @PathParam("name") String name,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after,
      @QueryParam("state") @Nullable TrialState state) {
    return Paging.page(
        store.page(row(name).number(), Paging.limit(limit), Paging.number(after), state),
        limit,
        row -> String.valueOf(row.number()),
        row -> body(row, null, row.leftAs() > 0, null));
  }

  @GET
  @Path("{name}/trials/{number}")
  @Operation(summary = "One trial with its reports")
  public StudyTrial trial(@PathParam("name") String name, @PathParam("number") int number) {
    long study = row(name).number();
    var trial = studies.trial(study, number).orElseThrow(() -> Studies.noTrial(name, number));
    var reports =
        studies.reports(study, number).entrySet().stream()
            .map(one -> new StudyReport(one.getKey(), one.getValue(), null))
            .toList();
    return body(trial, null, trial.leftAs() > 0, reports);
  }

  @POST
  @Path("{name}/trials/{number}/report")
  @Operation(
      summary = "Report the objective on the way",
      description = "Also renews the lease. The answer says whether to go on, to pause or to stop.")
  public StudyVerdict report(
      @PathParam("name") String name,
      @PathParam("number") int number,
      @Nullable StudyReport report) {
    var step = report == null ? null : report.step();
    var value = report == null ? null : report.value();
    if (step == null || value == null) {
      throw new ProblemException(ProblemCode.BAD_REQUEST, "A report needs 'step' and 'value'.");
    }
    return new StudyVerdict(studies.report(name, number, step, value, report.attempt()).name());
  }

  @POST
  @Path("{name}/trials/{number}/tell")
  @Operation(
      summary = "Say what a trial has reached, or that it failed",
      description = "The same may be told twice.")
  public StudyTrial tell(
      @PathParam("name") String name, @PathParam("number") int number, @Nullable StudyTold told) {
    var values = told == null || told.values() == null ? List.<Double>of() : told.values();
    if (values.stream().anyMatch(Objects::isNull)) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "A value is null.",
          "Give numbers, or no values where the trial failed.");
    }
    studies.tell(
        name,
        number,
        values,
        told == null ? null : text(told.message()),
        told == null ? null : told.attempt());
    return trial(name, number);
  }

  @GET
  @Path("{name}/curves")
  @Operation(
      summary = "The objective on the way of all trials",
      description = "Of a trial with more than a hundred reports, some of them.")
  public StudyCurves curves(@PathParam("name") String name) {
    return new StudyCurves(store.curves(row(name).number()));
  }

  @GET
  @Path("{name}/result")
  @Operation(summary = "The best trial or the front, and how much each parameter matters")
  public StudyResult result(@PathParam("name") String name) {
    long study = row(name).number();
    record Found(List<Integer> best, List<Integer> front, Map<String, Double> importance) {}
    var found =
        studies.look(
            name,
            live -> {
              boolean one = live.spec().objectives().size() == 1;
              return new Found(
                  one ? live.best().stream().map(TrialRecord::number).toList() : List.of(),
                  live.paretoFront().stream().map(TrialRecord::number).toList(),
                  live.importance());
            });
    return new StudyResult(
        found.best.isEmpty() ? null : shown(study, found.best.getFirst()),
        found.front.stream().map(number -> shown(study, number)).toList(),
        found.importance);
  }

  private StudyTrial shown(long study, int number) {
    var trial = studies.trial(study, number).orElseThrow();
    return body(trial, null, trial.leftAs() > 0, null);
  }

  private StudyRow row(String name) {
    return store.find(name).orElseThrow(() -> Studies.notFound(name));
  }

  private static Study body(StudyRow row, Map<String, Integer> trials) {
    return new Study(
        row.name(),
        StudyReader.shown(row.json()),
        row.state().name(),
        trials,
        row.best(),
        row.values(),
        row.trackedRunId(),
        row.createdAt(),
        row.updatedAt(),
        row.endedAt());
  }

  private static StudyTrial body(
      TrialRow row, @Nullable Long budget, boolean resumed, @Nullable List<StudyReport> reports) {
    return new StudyTrial(
        row.number(),
        row.state().name(),
        row.origin().name(),
        row.json(),
        row.values(),
        row.attempt(),
        resumed,
        budget,
        row.worker(),
        row.message(),
        row.trackedRunId(),
        row.createdAt(),
        row.startedAt(),
        row.endedAt(),
        row.leaseUntil(),
        reports);
  }
}

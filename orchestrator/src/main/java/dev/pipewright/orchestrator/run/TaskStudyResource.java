package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Study;
import dev.pipewright.contract.api.StudyCurves;
import dev.pipewright.contract.api.StudyResult;
import dev.pipewright.contract.api.StudyTrial;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The study of a task with the answers that a study over REST has, so that one page shows both.
@Path("/api/v1/pipeline-runs/{id}/tasks/{task}/study")
@Tag(name = "Pipeline runs")
@RunOnVirtualThread
class TaskStudyResource {
  private final RunReadStore runs;
  private final TaskStudies studies;

  TaskStudyResource(RunReadStore runs, TaskStudies studies) {
    this.runs = runs;
    this.studies = studies;
  }

  @GET
  @Operation(summary = "The study that a task is")
  public Study get(@PathParam("id") String id, @PathParam("task") String task) {
    return studies.study(runs.id(id), task);
  }

  @GET
  @Path("trials")
  @Operation(summary = "Trials of a task's study, newest first")
  public Page<StudyTrial> trials(
      @PathParam("id") String id,
      @PathParam("task") String task,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    var before = Paging.number(after);
    var rows =
        studies.trials(runs.id(id), task).reversed().stream()
            .filter(trial -> before == null || trial.number() < before)
            .limit(Paging.limit(limit) + 1L)
            .toList();
    return Paging.page(rows, limit, trial -> String.valueOf(trial.number()), trial -> trial);
  }

  @GET
  @Path("curves")
  @Operation(
      summary = "The metric of a task's study on the way of all trials",
      description = "Of a trial with more than a hundred points, some of them.")
  public StudyCurves curves(@PathParam("id") String id, @PathParam("task") String task) {
    return new StudyCurves(studies.curves(runs.id(id), task));
  }

  @GET
  @Path("result")
  @Operation(summary = "The best trial of a task's study, and how much each parameter matters")
  public StudyResult result(@PathParam("id") String id, @PathParam("task") String task) {
    return studies.result(runs.id(id), task);
  }
}

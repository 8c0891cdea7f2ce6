package dev.pipewright.tracker.deletion;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1")
@RunOnVirtualThread
class DeletionResource {
  private final Deletions deletions;

  DeletionResource(Deletions deletions) {
    this.deletions = deletions;
  }

  @DELETE
  @Path("runs/{runId}")
  @Tag(name = "Runs")
  @Operation(
      summary = "Delete a run",
      description = "It can be restored. With `permanent=true` it is gone with all it logged.")
  public void deleteRun(
      @PathParam("runId") String runId,
      @QueryParam("permanent") @DefaultValue("false") boolean permanent) {
    if (permanent) {
      deletions.deleteRunForGood(runId);
    } else {
      deletions.setRunDeleted(runId, true);
    }
  }

  @POST
  @Path("runs/{runId}/restore")
  @Tag(name = "Runs")
  @Operation(summary = "Restore a deleted run")
  public void restoreRun(@PathParam("runId") String runId) {
    deletions.setRunDeleted(runId, false);
  }

  @DELETE
  @Path("experiments/{experimentId}")
  @Tag(name = "Experiments")
  @Operation(
      summary = "Delete an experiment and its runs",
      description = "They can be restored. With `permanent=true` they are gone with all they had.")
  public void deleteExperiment(
      @PathParam("experimentId") String experimentId,
      @QueryParam("permanent") @DefaultValue("false") boolean permanent) {
    if (permanent) {
      deletions.deleteExperimentForGood(id(experimentId));
    } else {
      deletions.setExperimentDeleted(id(experimentId), true);
    }
  }

  @POST
  @Path("experiments/{experimentId}/restore")
  @Tag(name = "Experiments")
  @Operation(summary = "Restore a deleted experiment and its runs")
  public void restoreExperiment(@PathParam("experimentId") String experimentId) {
    deletions.setExperimentDeleted(id(experimentId), false);
  }

  private static long id(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new ProblemException(
          ProblemCode.EXPERIMENT_NOT_FOUND, "There is no experiment " + text + ".");
    }
  }
}

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

@Path("/api/v1/experiments")
@Tag(name = "Experiments")
@RunOnVirtualThread
class ExperimentDeletionResource {
  private final Deletions deletions;

  ExperimentDeletionResource(Deletions deletions) {
    this.deletions = deletions;
  }

  @DELETE
  @Path("{experimentId}")
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
  @Path("{experimentId}/restore")
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

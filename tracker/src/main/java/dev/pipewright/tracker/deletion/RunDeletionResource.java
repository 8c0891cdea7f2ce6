package dev.pipewright.tracker.deletion;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// At the very address of the other resource of runs: only the resources of the longest address
/// that fits are asked for a method.
@Path("/api/v1/runs")
@Tag(name = "Runs")
@RunOnVirtualThread
class RunDeletionResource {
  private final Deletions deletions;

  RunDeletionResource(Deletions deletions) {
    this.deletions = deletions;
  }

  @DELETE
  @Path("{runId}")
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
  @Path("{runId}/restore")
  @Operation(summary = "Restore a deleted run")
  public void restoreRun(@PathParam("runId") String runId) {
    deletions.setRunDeleted(runId, false);
  }
}

package dev.pipewright.orchestrator.retention;

import dev.pipewright.contract.api.PruneOutcome;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1/prune")
@Tag(name = "Pipeline runs")
@RunOnVirtualThread
class PruneResource {
  private final Pruning pruning;

  PruneResource(Pruning pruning) {
    this.pruning = pruning;
  }

  @POST
  @Operation(
      summary = "Delete the runs that nothing keeps",
      description =
          "Runs that have ended and that neither the `retention` of their pipeline's newest version"
              + " nor the server's default keeps; it happens hourly too. With `dryRun=true` it only"
              + " says what would go. Up to 2,000 go at once; `more` says that there are more.")
  public PruneOutcome prune(@QueryParam("dryRun") @DefaultValue("false") boolean dryRun) {
    return pruning.prune(dryRun);
  }
}

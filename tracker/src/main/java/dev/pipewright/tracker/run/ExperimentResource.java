package dev.pipewright.tracker.run;

import dev.pipewright.contract.api.Experiment;
import dev.pipewright.contract.api.Page;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/experiments")
@Tag(name = "Experiments")
@RunOnVirtualThread
class ExperimentResource {
  private final ExperimentStore experiments;

  ExperimentResource(ExperimentStore experiments) {
    this.experiments = experiments;
  }

  @GET
  @Operation(summary = "Experiments, newest first")
  public Page<Experiment> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return experiments.page(Paging.limit(limit), Paging.number(after));
  }
}

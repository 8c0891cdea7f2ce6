package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.StartRun;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/pipelines/{name}/runs")
@Tag(name = "Pipeline runs")
@RunOnVirtualThread
class StartResource {
  private final RunStarter starter;
  private final RunReadStore reads;

  StartResource(RunStarter starter, RunReadStore reads) {
    this.starter = starter;
    this.reads = reads;
  }

  @POST
  @Operation(
      summary = "Start a pipeline run",
      description = "201 for a new run; 200 for a repeated request with the same Idempotency-Key.")
  public RestResponse<PipelineRun> start(
      @PathParam("name") String name,
      @HeaderParam("Idempotency-Key") @Nullable String idempotencyKey,
      @Nullable StartRun request) {
    var outcome =
        starter.start(
            new RunStarter.Request(
                name,
                request == null ? null : request.version(),
                request == null || request.params() == null ? Map.of() : request.params(),
                request == null || request.priority() == null ? 0 : request.priority(),
                null,
                Map.of("by", "request"),
                idempotencyKey));
    return RestResponse.status(
        outcome.created() ? RestResponse.Status.CREATED : RestResponse.Status.OK,
        reads.view(outcome.run()));
  }
}

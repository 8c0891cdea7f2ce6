package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.StartRun;
import dev.pipewright.language.Params;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.time.Clock;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/pipelines/{name}/runs")
@Tag(name = "Pipeline runs")
@RunOnVirtualThread
class StartResource {
  private final RunStore runs;
  private final RunReadStore reads;
  private final RunLoop loop;
  private final PipelineStore pipelines;
  private final DataParams dataParams;
  private final Clock clock;

  StartResource(
      RunStore runs,
      RunReadStore reads,
      RunLoop loop,
      PipelineStore pipelines,
      DataParams dataParams,
      Clock clock) {
    this.runs = runs;
    this.reads = reads;
    this.loop = loop;
    this.pipelines = pipelines;
    this.dataParams = dataParams;
    this.clock = clock;
  }

  @POST
  @Operation(
      summary = "Start a pipeline run",
      description = "201 for a new run; 200 for a repeated request with the same Idempotency-Key.")
  public RestResponse<PipelineRun> start(
      @PathParam("name") String name,
      @HeaderParam("Idempotency-Key") @Nullable String idempotencyKey,
      @Nullable StartRun request) {
    var version = pipelines.version(name, request == null ? null : request.version());
    var given =
        request == null || request.params() == null ? Map.<String, JsonNode>of() : request.params();
    if (given.toString().contains("\\u0000")) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "A param holds a NUL character, which cannot be kept.");
    }
    var params = dataParams.store(version.spec(), Params.resolve(version.spec(), given));
    var started =
        runs.create(
            version.spec(),
            version.version(),
            params,
            idempotencyKey,
            Digests.of(name + (request == null ? null : request.version()) + given),
            clock.instant());
    loop.wake();
    return RestResponse.status(
        started.created() ? RestResponse.Status.CREATED : RestResponse.Status.OK,
        reads.get(started.id()));
  }
}

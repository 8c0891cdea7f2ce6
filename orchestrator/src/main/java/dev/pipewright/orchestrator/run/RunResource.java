package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.Transition;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.BiConsumer;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/pipeline-runs")
@Tag(name = "Pipeline runs")
@RunOnVirtualThread
class RunResource {
  private final RunEngine engine;
  private final RunReadStore reads;
  private final RunLoop loop;

  RunResource(RunEngine engine, RunReadStore reads, RunLoop loop) {
    this.engine = engine;
    this.reads = reads;
    this.loop = loop;
  }

  @GET
  @Operation(summary = "Pipeline runs, newest first")
  public Page<PipelineRunSummary> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after,
      @QueryParam("pipeline") @Nullable String pipeline,
      @QueryParam("state") @Nullable String state) {
    return reads.page(Paging.limit(limit), Paging.number(after), pipeline, state(state));
  }

  @GET
  @Path("{id}")
  @Operation(summary = "One pipeline run with its tasks")
  public PipelineRun get(@PathParam("id") String id) {
    return reads.get(id);
  }

  @GET
  @Path("{id}/history")
  @Operation(summary = "What happened in a run and why, oldest first")
  public Page<Transition> history(
      @PathParam("id") String id,
      @QueryParam("limit") @DefaultValue("1000") int limit,
      @QueryParam("after") @Nullable String after) {
    reads.get(id);
    return reads.history(RunReadStore.id(id), Paging.limit(limit), Paging.number(after));
  }

  @POST
  @Path("{id}/cancel")
  @Operation(
      summary = "Cancel a run",
      description =
          "Running tasks get SIGTERM and ten seconds; then the tasks of `finally` run. A second request"
              + " stops those too. A run that has ended stays as it is.")
  public PipelineRun cancel(@PathParam("id") String id) {
    return act(id, (run, now) -> run.stop(LiveRun.Stop.CANCEL, now));
  }

  @POST
  @Path("{id}/pause")
  @Operation(
      summary = "Pause a run",
      description = "What runs goes on; nothing new starts until it is resumed.")
  public PipelineRun pause(@PathParam("id") String id) {
    return act(id, (run, now) -> run.pause(true, now));
  }

  @POST
  @Path("{id}/resume")
  @Operation(summary = "Resume a paused run")
  public PipelineRun resume(@PathParam("id") String id) {
    return act(id, (run, now) -> run.pause(false, now));
  }

  @POST
  @Path("{id}/retry")
  @Operation(
      summary = "Retry what did not succeed",
      description =
          "Tasks that failed, were cancelled or waited for those run again, in the same run; what"
              + " succeeded stays.")
  public PipelineRun retry(@PathParam("id") String id) {
    return act(id, (run, now) -> run.retry(now));
  }

  private PipelineRun act(String id, BiConsumer<LiveRun, Instant> action) {
    var run = RunReadStore.id(id);
    loop.stepped(run, engine.act(run, action));
    return reads.get(id);
  }

  private static @Nullable RunState state(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    return Arrays.stream(RunState.values())
        .filter(state -> state.name().equals(text))
        .findFirst()
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.BAD_REQUEST,
                "state="
                    + text
                    + " is not a state; one is "
                    + Arrays.toString(RunState.values())
                    + "."));
  }
}

package dev.pipewright.tracker.live;

import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.TrackedRun;
import dev.pipewright.platform.Paging;
import dev.pipewright.tracker.run.RunArrivals;
import dev.pipewright.tracker.run.RunStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/runs")
@Tag(name = "Runs")
@RunOnVirtualThread
class RunResource {
  private final RunStore store;
  private final Runs runs;
  private final RunArrivals arrivals;

  RunResource(RunStore store, Runs runs, RunArrivals arrivals) {
    this.store = store;
    this.runs = runs;
    this.arrivals = arrivals;
  }

  @GET
  @Operation(summary = "Tracked runs, newest first")
  public Page<TrackedRun> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after,
      @QueryParam("experiment") @Nullable String experiment,
      @QueryParam("pipelineRun") @Nullable String pipelineRun) {
    int most = Paging.limit(limit);
    var rows = store.page(most, Paging.number(after), experiment, pipelineRun);
    return new Page<>(runs.assemble(rows.items()), rows.next());
  }

  @GET
  @Path("{runId}")
  @Operation(summary = "One tracked run")
  public TrackedRun get(@PathParam("runId") String runId) throws InterruptedException {
    if (!store.exists(runId)) {
      boolean unused = arrivals.await(runId);
    }
    return runs.get(runId);
  }
}

package dev.pipewright.tracker.metric;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.MetricHistory;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/runs/{runId}/metrics")
@Tag(name = "Runs")
@RunOnVirtualThread
class MetricResource {
  private static final int FEWEST = 4;

  private final MetricStore metrics;

  MetricResource(MetricStore metrics) {
    this.metrics = metrics;
  }

  @GET
  @Path("{key:.+}")
  @Operation(
      summary = "The points of one metric",
      description =
          "With `points`, at most so many: the lowest and the highest of each bucket of steps."
              + " Without, all of them, up to a million; the whole of a longer metric is read range by range."
              + " With `from` and `to`, those of a range of steps, both ends included.")
  public MetricHistory history(
      @PathParam("runId") String runId,
      @PathParam("key") String key,
      @QueryParam("points") @Nullable Integer points,
      @QueryParam("from") @Nullable Long from,
      @QueryParam("to") @Nullable Long to) {
    if (points != null && (points < FEWEST || points > MetricStore.MOST_EXACT)) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "points is %d; it must be between %d and %d."
              .formatted(points, FEWEST, MetricStore.MOST_EXACT));
    }
    return metrics
        .history(
            runId,
            key,
            from == null ? Long.MIN_VALUE : from,
            to == null ? Long.MAX_VALUE : to,
            points)
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.METRIC_NOT_FOUND, "Run " + runId + " has no metric '" + key + "'."));
  }
}

package dev.pipewright.tracker.live;

import dev.pipewright.platform.Live;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1/runs/{runId}/events")
@Tag(name = "Runs")
@RunOnVirtualThread
class RunEventsResource {
  private final Runs runs;
  private final RunLive live;

  RunEventsResource(Runs runs, RunLive live) {
    this.runs = runs;
    this.live = live;
  }

  @GET
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(
      summary = "What happens to a run, as it happens",
      description = "Events `metrics`, `logs` and `run`; `end` when the run is over.")
  public void events(@PathParam("runId") String runId, @Context SseEventSink sink, @Context Sse sse)
      throws InterruptedException {
    // Subscribed before the first look, so that nothing falls between the two.
    try (sink;
        var reader = live.subscribe(runId)) {
      var now = runs.get(runId);
      boolean open = Live.send(sink, event(sse, "run", now));
      if (now.endTime() != null) {
        Live.send(sink, event(sse, "end", Map.of()));
        return;
      }
      while (open && !reader.isBroken()) {
        var change = reader.next();
        open = change == null ? Live.heartbeat(sink, sse) : send(runId, change, sink, sse);
        if (change != null && change.ended()) {
          Live.send(sink, event(sse, "end", Map.of()));
          return;
        }
      }
    }
  }

  private boolean send(String runId, RunChange change, SseEventSink sink, Sse sse) {
    boolean open = true;
    if (!change.series().isEmpty()) {
      var series = new ArrayList<Map<String, Object>>();
      for (var each : change.series()) {
        series.add(
            Map.of(
                "key",
                each.getKey(),
                "steps",
                List.copyOf(each.getStepsList()),
                "timestamps",
                List.copyOf(each.getTimestampsList()),
                "values",
                List.copyOf(each.getValuesList())));
      }
      open = Live.send(sink, event(sse, "metrics", Map.of("series", series)));
    }
    if (!change.lines().isEmpty()) {
      open &= Live.send(sink, event(sse, "logs", Map.of("lines", change.lines())));
    }
    if (change.details()) {
      open &= Live.send(sink, event(sse, "run", runs.get(runId)));
    }
    return open;
  }

  private static OutboundSseEvent event(Sse sse, String name, Object data) {
    return sse.newEventBuilder()
        .name(name)
        .mediaType(MediaType.APPLICATION_JSON_TYPE)
        .data(data)
        .build();
  }
}

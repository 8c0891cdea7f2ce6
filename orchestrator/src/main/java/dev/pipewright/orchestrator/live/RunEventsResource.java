package dev.pipewright.orchestrator.live;

import dev.pipewright.contract.api.RunState;
import dev.pipewright.orchestrator.run.RunLoop.RunChanged;
import dev.pipewright.orchestrator.run.RunReadStore;
import dev.pipewright.platform.Live;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.Shutdown;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1/pipeline-runs")
@Tag(name = "Pipeline runs")
@ApplicationScoped
@RunOnVirtualThread
class RunEventsResource {
  /// Changes that come closer together are told as one.
  private static final long PACE_MILLIS = 150;

  /// Runs with more tasks than this are looked at less often: each look counts all of them.
  private static final int LARGE = 500;

  private static final long LARGE_PACE_MILLIS = 500;

  private static final String ALL = "*";

  private final RunReadStore runs;
  private final Live<UUID> live = new Live<>();

  RunEventsResource(RunReadStore runs) {
    this.runs = runs;
  }

  void onChange(@Observes RunChanged event) {
    live.publish(event.runId().toString(), event.runId());
    live.publish(ALL, event.runId());
  }

  void onStop(@Observes Shutdown event) {
    live.close();
  }

  @GET
  @Path("{id}/events")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(
      summary = "What happens to a run, as it happens",
      description =
          "Event `run` with the run at once and after each change, `end` when it is over. With"
              + " `changes=true` it is `run` at once, and then `changes` with what is different.")
  public void run(
      @PathParam("id") String id,
      @QueryParam("changes") @DefaultValue("false") boolean changes,
      @Context SseEventSink sink,
      @Context Sse sse) {
    var run = runs.require(id);
    Live.stream(sink, () -> tellRun(run, changes, sink, sse));
  }

  private void tellRun(UUID id, boolean onlyChanges, SseEventSink sink, Sse sse)
      throws InterruptedException {
    // Subscribed before the first look, so that nothing falls between the two.
    try (var reader = live.subscribe(id.toString())) {
      long told = -1;
      boolean open = true;
      boolean changed = true;
      while (open && !reader.isBroken()) {
        if (changed) {
          Told now;
          if (onlyChanges && told >= 0) {
            var changes = runs.changes(id, told);
            now = new Told(changes.revision(), changes.state(), changes.taskCount());
            open = Live.send(sink, event(sse, "changes", now.revision, changes));
          } else {
            var run = runs.view(id);
            now = new Told(run.revision(), run.state(), run.taskCount());
            open = Live.send(sink, event(sse, "run", now.revision, run));
          }
          told = now.revision;
          if (now.state.isTerminal()) {
            Live.send(sink, event(sse, "end", told, Map.of("state", now.state)));
            return;
          }
          Thread.sleep(now.tasks > LARGE ? LARGE_PACE_MILLIS : PACE_MILLIS);
        } else {
          open = Live.heartbeat(sink, sse);
        }
        changed = reader.next() != null;
        while (reader.nextNow() != null) {
          // Told with this one.
        }
      }
    }
  }

  private record Told(long revision, RunState state, int tasks) {}

  @GET
  @Path("events")
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(
      summary = "What happens to any run, as it happens",
      description = "Event `run` with a summary of each run that changed.")
  public void all(@Context SseEventSink sink, @Context Sse sse) {
    Live.stream(sink, () -> tellAll(sink, sse));
  }

  private void tellAll(SseEventSink sink, Sse sse) throws InterruptedException {
    try (var reader = live.subscribe(ALL)) {
      boolean open = Live.heartbeat(sink, sse);
      while (open && !reader.isBroken()) {
        var first = reader.next();
        if (first == null) {
          open = Live.heartbeat(sink, sse);
          continue;
        }
        Thread.sleep(PACE_MILLIS);
        var changed = new LinkedHashSet<UUID>();
        changed.add(first);
        for (var next = reader.nextNow(); next != null; next = reader.nextNow()) {
          changed.add(next);
        }
        for (var id : changed) {
          var summary = runs.summary(id);
          open &= Live.send(sink, event(sse, "run", 0, summary));
        }
      }
    }
  }

  private static OutboundSseEvent event(Sse sse, String name, long id, Object data) {
    var event =
        sse.newEventBuilder().name(name).mediaType(MediaType.APPLICATION_JSON_TYPE).data(data);
    return (id > 0 ? event.id(String.valueOf(id)) : event).build();
  }
}

package dev.pipewright.tracker.live;

import dev.pipewright.platform.Live;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.Shutdown;

/// The changes of runs, by run id.
@ApplicationScoped
public class RunLive {
  private final Live<RunChange> live = new Live<>();

  public void publish(String runId, RunChange change) {
    live.publish(runId, change);
  }

  Live.Reader<RunChange> subscribe(String runId) {
    return live.subscribe(runId);
  }

  void onStop(@Observes Shutdown event) {
    live.close();
  }
}

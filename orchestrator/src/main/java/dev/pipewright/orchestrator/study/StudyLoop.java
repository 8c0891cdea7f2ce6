package dev.pipewright.orchestrator.study;

import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Looks now and then for trials whose workers were lost. Whoever asks for a trial looks too, but
/// where the last worker is lost nobody asks.
@ApplicationScoped
class StudyLoop {
  private static final Duration LOOK = Duration.ofSeconds(30);

  private final Studies studies;
  private @Nullable Loop loop;

  StudyLoop(Studies studies) {
    this.studies = studies;
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("study-leases", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean step() {
    studies.takeInSilent();
    return false;
  }
}

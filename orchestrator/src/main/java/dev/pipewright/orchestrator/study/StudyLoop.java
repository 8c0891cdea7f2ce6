package dev.pipewright.orchestrator.study;

import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Looks now and then for trials whose workers were lost. Whoever asks for a trial looks too, but
/// where the last worker is lost nobody asks. After a start it first leaves workers the time to
/// come back: while the server was away it could not hear of them.
@ApplicationScoped
class StudyLoop {
  private static final Duration LOOK = Duration.ofSeconds(30);
  private static final Duration COMING_BACK = Duration.ofMinutes(2);

  private final Studies studies;
  private final Clock clock;
  private final Instant first;
  private @Nullable Loop loop;

  StudyLoop(Studies studies, Clock clock) {
    this.studies = studies;
    this.clock = clock;
    first = clock.instant().plus(COMING_BACK);
  }

  void onStart(@Observes StartupEvent event) {
    loop = Loop.start("study-leases", LOOK, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  boolean step() {
    if (!clock.instant().isBefore(first)) {
      studies.takeInSilent();
    }
    return false;
  }
}

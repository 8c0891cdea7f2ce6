package dev.pipewright.tracker.metric;

import dev.pipewright.platform.Loop;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Packs what was logged, every second for as long as the server runs. It does not hurry: the more
/// there is, the larger and cheaper the packages are, and readers see what is not packed anyway.
@ApplicationScoped
class Folding {
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final MetricStore metrics;
  private @Nullable Loop loop;

  Folding(MetricStore metrics) {
    this.metrics = metrics;
  }

  void onStart(@Observes @Priority(100) StartupEvent event) {
    loop = Loop.start("fold-metrics", PAUSE, metrics::foldSome);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }
}

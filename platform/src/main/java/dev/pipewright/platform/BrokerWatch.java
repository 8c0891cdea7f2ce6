package dev.pipewright.platform;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Says in the log that the broker is away, and that it is back: whatever needs it waits for it
/// without a word.
@ApplicationScoped
class BrokerWatch {
  private static final Logger LOG = Logger.getLogger(BrokerWatch.class);
  private static final Duration LOOK = Duration.ofSeconds(10);

  private final Kafka kafka;
  private final Trouble trouble = new Trouble();
  private @Nullable Loop loop;

  BrokerWatch(Kafka kafka) {
    this.kafka = kafka;
  }

  /// After the topics were made.
  void onStart(@Observes @Priority(500) StartupEvent event) {
    loop = Loop.start("broker", LOOK, this::look);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
  }

  private boolean look() throws InterruptedException {
    long now = System.nanoTime();
    if (kafka.answers()) {
      var away = trouble.over(now);
      if (!away.isZero()) {
        LOG.infof(
            "Kafka answers again, after %d s; what waited for it is delivered", away.toSeconds());
      }
    } else if (trouble.failed("away", now)) {
      LOG.warn(
          "Kafka does not answer. Tasks and runs go on; what they record is kept where they run and"
              + " delivered when it does");
    }
    return false;
  }
}

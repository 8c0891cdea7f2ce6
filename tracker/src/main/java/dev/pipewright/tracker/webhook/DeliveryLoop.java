package dev.pipewright.tracker.webhook;

import dev.pipewright.platform.Loop;
import dev.pipewright.tracker.webhook.WebhookSender.Message;
import dev.pipewright.tracker.webhook.WebhookSender.Outcome;
import dev.pipewright.tracker.webhook.WebhookStore.Due;
import dev.pipewright.tracker.webhook.WebhookStore.Ended;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Sends what webhooks are to be told. A delivery is tried until it is accepted, refused for good,
/// or was tried [#MOST_ATTEMPTS] times, which takes some three hours. One that was being sent when
/// the server ended is sent again: a receiver gets it at least once.
@ApplicationScoped
class DeliveryLoop {
  private static final Logger LOG = Logger.getLogger(DeliveryLoop.class);
  static final int MOST_ATTEMPTS = 15;
  private static final int AT_ONCE = 10;
  private static final int AT_ONCE_PER_WEBHOOK = 4;
  private static final Duration LOOK = Duration.ofSeconds(1);
  // Longer than an attempt takes.
  private static final Duration LEASE = Duration.ofMinutes(2);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
  private static final Duration KEPT = Duration.ofDays(7);
  private static final Duration CLEAN_EVERY = Duration.ofHours(1);
  private static final int DELETED_AT_ONCE = 10_000;
  private static final int TOO_MANY_REQUESTS = 429;

  private final WebhookStore store;
  private final WebhookSender sender;
  private final Semaphore slots = new Semaphore(AT_ONCE);
  private final ConcurrentHashMap<UUID, Integer> underWay = new ConcurrentHashMap<>();
  private @Nullable Loop deliveries;
  private @Nullable Loop cleaning;

  DeliveryLoop(WebhookStore store, WebhookSender sender) {
    this.store = store;
    this.sender = sender;
  }

  void onStart(@Observes StartupEvent event) {
    deliveries = Loop.start("webhook-deliveries", LOOK, this::step);
    cleaning = Loop.start("webhook-cleaning", CLEAN_EVERY, this::clean);
  }

  void onStop(@Observes ShutdownEvent event) {
    for (var loop : new @Nullable Loop[] {deliveries, cleaning}) {
      if (loop != null) {
        loop.close();
      }
    }
  }

  /// Looks for due deliveries at once.
  void wake() {
    if (deliveries != null) {
      deliveries.wake();
    }
  }

  private boolean clean() {
    return store.deleteOld(KEPT, DELETED_AT_ONCE) == DELETED_AT_ONCE;
  }

  /// Begins what is due, as far as there is room.
  boolean step() {
    int free = slots.availablePermits();
    if (free == 0) {
      return false;
    }
    var busy =
        underWay.entrySet().stream()
            .filter(each -> each.getValue() >= AT_ONCE_PER_WEBHOOK)
            .map(Map.Entry::getKey)
            .toList();
    var claimed = store.claim(free, AT_ONCE_PER_WEBHOOK, busy, LEASE);
    for (var due : claimed) {
      slots.acquireUninterruptibly();
      underWay.merge(due.webhookId(), 1, Integer::sum);
      Thread.ofVirtual().name("webhook-delivery").start(() -> attempt(due));
    }
    return false;
  }

  private void attempt(Due due) {
    try {
      var event = new WebhookEvent(due.entity(), due.action());
      var outcome =
          sender.send(
              new Message(
                  due.id(),
                  due.webhookId(),
                  due.url(),
                  due.secret(),
                  event,
                  due.createdAt(),
                  due.data()));
      store.ended(
          due.id(), ended(outcome, due.attempts(), ThreadLocalRandom.current().nextDouble()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // Its lease ends by itself, then it is tried again.
      LOG.warnf(e, "the delivery %s to a webhook did not end; it is tried again", due.id());
    } finally {
      underWay.computeIfPresent(due.webhookId(), (id, count) -> count == 1 ? null : count - 1);
      slots.release();
      wake();
    }
  }

  /// @param attempts how many there were, this one included
  /// @param jitter from 0 to 1
  static Ended ended(Outcome outcome, int attempts, double jitter) {
    return switch (outcome) {
      case Outcome.Answered(var status, var body, var retryAfter) -> {
        boolean delivered = status >= 200 && status < 300;
        boolean again = status == TOO_MANY_REQUESTS || status >= 500;
        yield new Ended(
            delivered,
            status,
            body,
            delivered ? null : "The receiver answered " + status + ".",
            delivered || !again ? null : pause(attempts, jitter, retryAfter));
      }
      case Outcome.Unreachable(var why) ->
          new Ended(false, null, null, why, pause(attempts, jitter, null));
      case Outcome.Impossible(var why) -> new Ended(false, null, null, why, null);
    };
  }

  /// Twice as long every time, and up to a second more, so that many do not come back together.
  private static @Nullable Duration pause(
      int attempts, double jitter, @Nullable Duration retryAfter) {
    if (attempts >= MOST_ATTEMPTS) {
      return null;
    }
    var doubled = Duration.ofSeconds(1L << Math.min(attempts - 1, 20));
    var wanted = retryAfter != null && retryAfter.compareTo(doubled) > 0 ? retryAfter : doubled;
    return (wanted.compareTo(LONGEST_PAUSE) < 0 ? wanted : LONGEST_PAUSE)
        .plusMillis((long) (jitter * 1000));
  }
}

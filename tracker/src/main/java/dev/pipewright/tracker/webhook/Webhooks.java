package dev.pipewright.tracker.webhook;

import dev.pipewright.tracker.webhook.WebhookStore.Definition;
import dev.pipewright.tracker.webhook.WebhookStore.WebhookRow;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Webhooks and their secrets, which leave this package encrypted or not at all.
@ApplicationScoped
public class Webhooks {
  private final WebhookStore store;
  private final SecretBox secrets;
  private final WebhookSender sender;
  private final Clock clock;

  Webhooks(WebhookStore store, SecretBox secrets, WebhookSender sender, Clock clock) {
    this.store = store;
    this.secrets = secrets;
    this.sender = sender;
    this.clock = clock;
  }

  /// @param secret null or empty for none
  public UUID create(Definition webhook, @Nullable String secret) {
    var id = UUID.randomUUID();
    store.create(id, webhook, seal(id, secret));
    return id;
  }

  /// @param secret null leaves it as it is, an empty one takes it away
  /// @return false when there is no such webhook
  public boolean update(UUID id, Definition webhook, @Nullable String secret) {
    return store.update(id, webhook, secret != null, seal(id, secret));
  }

  private byte @Nullable [] seal(UUID id, @Nullable String secret) {
    return secret == null || secret.isEmpty() ? null : secrets.seal(id, secret);
  }

  /// How a test went.
  ///
  /// @param status null when no answer came
  /// @param error null when an answer came
  public record TestResult(
      boolean success, @Nullable Integer status, @Nullable String body, @Nullable String error) {}

  /// Sends an example of an event, once.
  public TestResult test(WebhookRow webhook, WebhookEvent event) throws InterruptedException {
    var outcome =
        sender.send(
            new WebhookSender.Message(
                UUID.randomUUID(),
                webhook.id(),
                webhook.url(),
                webhook.secret(),
                event,
                clock.instant(),
                WebhookStore.json(event.example())));
    return switch (outcome) {
      case WebhookSender.Outcome.Answered(var status, var body, var retryAfter) ->
          new TestResult(status < 400, status, body, null);
      case WebhookSender.Outcome.Unreachable(var why) -> failed(why);
      case WebhookSender.Outcome.Impossible(var why) -> failed(why);
    };
  }

  private static TestResult failed(String why) {
    return new TestResult(false, null, null, "Failed to test webhook: " + why);
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.webhook.WebhookEvent;
import dev.pipewright.tracker.webhook.WebhookStore;
import dev.pipewright.tracker.webhook.WebhookStore.Definition;
import dev.pipewright.tracker.webhook.WebhookStore.WebhookRow;
import dev.pipewright.tracker.webhook.WebhookTarget;
import dev.pipewright.tracker.webhook.Webhooks;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Webhooks: who is told of what. A secret goes in and never comes out.
@ApplicationScoped
class WebhookCalls implements Routes.Family {
  private static final String ALL = "2.0/mlflow/webhooks";
  private static final String ONE = ALL + "/{webhook_id}";
  private static final List<String> STATUSES = List.of("ACTIVE", "DISABLED");
  private static final List<String> ENTITIES =
      List.of(
          "REGISTERED_MODEL",
          "MODEL_VERSION",
          "MODEL_VERSION_TAG",
          "MODEL_VERSION_ALIAS",
          "PROMPT",
          "PROMPT_VERSION",
          "PROMPT_TAG",
          "PROMPT_VERSION_TAG",
          "PROMPT_ALIAS",
          "BUDGET_POLICY");
  private static final List<String> ACTIONS =
      List.of("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED");
  private static final Pattern NAME =
      Pattern.compile("(?i)(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?");
  private static final int DEFAULT_RESULTS = 100;
  private static final int MOST_RESULTS = 1000;

  private final WebhookStore store;
  private final Webhooks webhooks;
  private final WebhookTarget targets;

  WebhookCalls(WebhookStore store, Webhooks webhooks, WebhookTarget targets) {
    this.store = store;
    this.webhooks = webhooks;
    this.targets = targets;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post(ALL, Repeat.MAKES_ANOTHER, this::create)
        .get(ALL, this::list)
        .get(ONE, call -> Map.of("webhook", webhook(find(call))))
        .patch(ONE, this::update)
        .delete(ONE, Repeat.IS_REFUSED, this::delete)
        .post(ONE + "/test", this::test);
  }

  record Webhook(
      String webhookId,
      String name,
      @Nullable String description,
      String url,
      Set<WebhookEvent> events,
      String status,
      long creationTimestamp,
      long lastUpdatedTimestamp) {}

  private static Webhook webhook(WebhookRow row) {
    return new Webhook(
        row.id().toString(),
        row.name(),
        row.description(),
        row.url(),
        row.listensFor(),
        row.status(),
        row.createdAt().toEpochMilli(),
        row.updatedAt().toEpochMilli());
  }

  private Object create(Call call) {
    call.requireString("name");
    call.requireString("url");
    var definition = definition(call);
    if (definition.events() == null) {
      throw MlflowError.missing("events");
    }
    return Map.of("webhook", webhook(find(webhooks.create(definition, call.string("secret")))));
  }

  /// What a client leaves empty is as if it were not there, but for the description.
  private Definition definition(Call call) {
    var name = call.string("name", "");
    var url = call.string("url", "");
    if (!name.isEmpty() && !NAME.matcher(name).matches()) {
      throw MlflowError.invalid(
          "Webhook name '"
              + name
              + "' is invalid. It must start and end with a letter or digit, be less than 63"
              + " characters long, and contain only letters, digits, dots (.), underscores (_), and"
              + " hyphens (-).");
    }
    if (!url.isEmpty()) {
      check(url);
    }
    var events = new LinkedHashSet<WebhookEvent>();
    call.objects("events").forEach(each -> events.add(event(each)));
    return new Definition(
        name.isEmpty() ? null : name,
        call.string("description"),
        url.isEmpty() ? null : url,
        events.isEmpty() ? null : events,
        call.constant("status", STATUSES));
  }

  private void check(String url) {
    if (url.isBlank()) {
      throw MlflowError.invalid("Webhook URL cannot be empty or just whitespace: '" + url + "'");
    }
    try {
      targets.check(url);
    } catch (WebhookTarget.Refused e) {
      throw MlflowError.invalid(e.getMessage());
    }
  }

  private static WebhookEvent event(JsonNode event) {
    var entity = constant(event, "entity", ENTITIES);
    var action = constant(event, "action", ACTIONS);
    return WebhookEvent.of(entity, action)
        .orElseThrow(() -> {
          var actions =
              WebhookEvent.actions(entity).stream()
                  .map(each -> "'" + each.toLowerCase(Locale.ROOT) + "'")
                  .toList();
          return MlflowError.invalid(
              "Invalid action '%s' for entity '%s'. Valid actions are: %s"
                  .formatted(
                      action.toLowerCase(Locale.ROOT), entity.toLowerCase(Locale.ROOT), actions));
        });
  }

  /// A name, or its number in MLflow's protocol.
  private static String constant(JsonNode event, String name, List<String> numbered) {
    var value = event.path(name);
    if (value.canConvertToInt() && value.intValue() >= 1 && value.intValue() <= numbered.size()) {
      return numbered.get(value.intValue() - 1);
    }
    return Call.requireString(event, name, "events." + name);
  }

  private record Page(List<Webhook> webhooks, @Nullable String nextPageToken) {}

  private Object list(Call call) {
    long most = call.integer("max_results", DEFAULT_RESULTS);
    if (most < 1 || most > MOST_RESULTS) {
      throw MlflowError.invalid("max_results must be between 1 and " + MOST_RESULTS + ".");
    }
    var rows = new ArrayList<>(store.list((int) most, before(call.string("page_token", ""))));
    String next = null;
    if (rows.size() > most) {
      rows.removeLast();
      var number = String.valueOf(rows.getLast().number());
      next = Base64.getEncoder().encodeToString(number.getBytes(StandardCharsets.UTF_8));
    }
    return new Page(rows.stream().map(WebhookCalls::webhook).toList(), next);
  }

  private static @Nullable Long before(String token) {
    try {
      return token.isEmpty()
          ? null
          : Long.valueOf(new String(Base64.getDecoder().decode(token), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw MlflowError.invalid("Invalid page token, could not base64-decode");
    }
  }

  private Object update(Call call) {
    var id = find(call).id();
    if (!webhooks.update(id, definition(call), call.string("secret"))) {
      throw none(id.toString());
    }
    return Map.of("webhook", webhook(find(id)));
  }

  private @Nullable Object delete(Call call) {
    var id = call.requireString("webhook_id");
    if (!store.delete(find(call).id())) {
      throw none(id);
    }
    return null;
  }

  private record TestResult(
      boolean success,
      @Nullable Integer responseStatus,
      @Nullable String responseBody,
      @Nullable String errorMessage) {}

  private Object test(Call call) throws InterruptedException {
    var webhook = find(call);
    var asked = call.get("event");
    var event = asked.isObject() ? event(asked) : webhook.listensFor().iterator().next();
    var result = webhooks.test(webhook, event);
    return Map.of(
        "result", new TestResult(result.success(), result.status(), result.body(), result.error()));
  }

  private WebhookRow find(Call call) {
    var id = call.requireString("webhook_id");
    try {
      return store.find(UUID.fromString(id)).orElseThrow(() -> none(id));
    } catch (IllegalArgumentException e) {
      throw none(id);
    }
  }

  private WebhookRow find(UUID id) {
    return store.find(id).orElseThrow(() -> none(id.toString()));
  }

  private static MlflowError none(String id) {
    return MlflowError.notFound("Webhook with ID " + id + " not found.");
  }
}

package dev.pipewright.tracker.webhook;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What a webhook can be told of: something that happened to a kind of thing.
///
/// @param entity in the protocol's words, such as `MODEL_VERSION`; `RUN` and `EXPERIMENT` are
///   beyond the protocol
/// @param action such as `CREATED`
public record WebhookEvent(String entity, String action) {
  private static final Map<String, String> MODEL =
      Map.of("name", "example_model", "description", "An example registered model");
  private static final Map<String, String> TAG = Map.of("key", "example_key");
  private static final Map<String, String> SET_TAG =
      Map.of("key", "example_key", "value", "example_value");
  private static final Map<String, String> TAGS = Map.of("example_key", "example_value");
  private static final String RUN_ID = "abcd1234abcd5678";

  /// What a test sends, by event; these are all there are.
  private static final Map<WebhookEvent, Map<String, Object>> EXAMPLES = new LinkedHashMap<>();

  static {
    example("REGISTERED_MODEL", "CREATED", MODEL, Map.of("tags", TAGS));
    example(
        "MODEL_VERSION",
        "CREATED",
        Map.of("name", "example_model", "version", "1", "description", "An example model version"),
        Map.of("source", "models:/123", "run_id", RUN_ID, "tags", TAGS));
    var version = Map.of("name", "example_model", "version", "1");
    example("MODEL_VERSION_TAG", "SET", version, SET_TAG);
    example("MODEL_VERSION_TAG", "DELETED", version, TAG);
    example("MODEL_VERSION_ALIAS", "CREATED", version, Map.of("alias", "example_alias"));
    example(
        "MODEL_VERSION_ALIAS",
        "DELETED",
        Map.of("name", "example_model"),
        Map.of("alias", "example_alias"));
    var prompt = Map.of("name", "example_prompt");
    var promptVersion = Map.of("name", "example_prompt", "version", "1");
    example("PROMPT", "CREATED", prompt, Map.of("tags", TAGS, "description", "An example prompt"));
    example(
        "PROMPT_VERSION",
        "CREATED",
        promptVersion,
        Map.of(
            "template",
            "Hello {{name}}!",
            "tags",
            TAGS,
            "description",
            "An example prompt version"));
    example("PROMPT_TAG", "SET", prompt, SET_TAG);
    example("PROMPT_TAG", "DELETED", prompt, TAG);
    example("PROMPT_VERSION_TAG", "SET", promptVersion, SET_TAG);
    example("PROMPT_VERSION_TAG", "DELETED", promptVersion, TAG);
    example("PROMPT_ALIAS", "CREATED", promptVersion, Map.of("alias", "example_alias"));
    example("PROMPT_ALIAS", "DELETED", prompt, Map.of("alias", "example_alias"));
    // Clients may ask for it; there are no budgets here that could be exceeded.
    example("BUDGET_POLICY", "EXCEEDED", Map.of("budget_policy_id", "bp-abc123"), Map.of());
    var run = Map.of("run_id", RUN_ID, "run_name", "example-run-1", "experiment_id", "1");
    example("RUN", "CREATED", run, Map.of("status", "RUNNING"));
    example("RUN", "UPDATED", run, Map.of("status", "FINISHED"));
    example("RUN", "DELETED", run, Map.of("status", "FINISHED"));
    var experiment = Map.of("experiment_id", "1", "name", "example_experiment");
    for (var action : List.of("CREATED", "UPDATED", "DELETED")) {
      example("EXPERIMENT", action, experiment, Map.of());
    }
  }

  private static void example(
      String entity, String action, Map<String, String> some, Map<String, ?> more) {
    var data = new LinkedHashMap<String, Object>(some);
    data.putAll(more);
    EXAMPLES.put(new WebhookEvent(entity, action), data);
  }

  /// Empty when there is no such event.
  public static Optional<WebhookEvent> of(String entity, String action) {
    var event = new WebhookEvent(entity.toUpperCase(Locale.ROOT), action.toUpperCase(Locale.ROOT));
    return EXAMPLES.containsKey(event) ? Optional.of(event) : Optional.empty();
  }

  /// What can happen to a kind of thing; nothing when there is no such kind.
  public static List<String> actions(String entity) {
    return EXAMPLES.keySet().stream()
        .filter(event -> event.entity.equals(entity.toUpperCase(Locale.ROOT)))
        .map(WebhookEvent::action)
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  Map<String, Object> example() {
    return EXAMPLES.getOrDefault(this, Map.of());
  }
}

package dev.pipewright.orchestrator.trigger;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.orchestrator.fire.Mapping;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a trigger says, read and checked.
///
/// @param when null for always
/// @param secret as it was sent; null when it was left out
record TriggerRules(
    String pipeline,
    @Nullable Integer version,
    Map<String, Mapping.Checked> params,
    int priority,
    Mapping.@Nullable Checked when,
    Source source,
    boolean allowSelf,
    @Nullable String secret) {
  static final String HOOK = "hook";
  static final String RUN_ENDED = "run-ended";
  static final String MODEL_VERSION = "model-version";
  static final String MODEL_ALIAS = "model-alias";
  static final String DATASET_VERSION = "dataset-version";

  private static final List<String> EVENTS =
      List.of(MODEL_VERSION, MODEL_ALIAS, DATASET_VERSION, RUN_ENDED);
  private static final List<String> STATES = List.of("SUCCEEDED", "FAILED", "CANCELLED");
  private static final Duration TOLERANCE = Duration.ofMinutes(5);
  private static final Duration MOST_TOLERANCE = Duration.ofHours(1);
  private static final int SHORTEST_SECRET = 16;
  private static final int LONGEST_SECRET = 1_000;

  private static final Mapping OF_HOOK = new Mapping("body", "headers");
  private static final Mapping OF_EVENT = new Mapping("event");

  /// What it listens for.
  sealed interface Source {
    record Hook(HookKind kind, Duration tolerance) implements Source {}

    /// Each of the last three null for any.
    record On(String event, @Nullable String name, @Nullable String alias, @Nullable String state)
        implements Source {}

    default String event() {
      return switch (this) {
        case Hook _ -> HOOK;
        case On(var event, var _, var _, var _) -> event;
      };
    }
  }

  /// Reads one that was stored.
  static TriggerRules stored(JsonNode spec) {
    var fields = Fields.of(spec);
    var rules = read(fields);
    if (!fields.errors().isEmpty()) {
      throw new IllegalStateException("a stored trigger is damaged: " + fields.errors());
    }
    return rules;
  }

  /// What is wrong is added to the fields' errors, but for unknown keys at the top.
  static TriggerRules read(Fields fields) {
    fields.text("description");
    fields.flag("paused");
    boolean allowSelf = fields.flag("allowSelf");
    var pipeline = fields.requireText("pipeline");
    var hook = fields.object("hook");
    var on = fields.object("on");
    if (hook.isPresent() == on.isPresent()) {
      fields.error(
          "EXACTLY_ONE",
          hook.isPresent() ? "on" : "hook",
          hook.isPresent() ? "both 'hook' and 'on' are given" : "no 'hook' and no 'on'",
          "Give one of them.");
    }
    var mapping = hook.isPresent() ? OF_HOOK : OF_EVENT;
    var source = hook.isPresent() ? hook(hook.get()) : on.map(TriggerRules::on).orElse(NOTHING);
    if (source instanceof Source.On(var event, var name, var _, var _)
        && event.equals(RUN_ENDED)
        && !allowSelf
        && (name == null || name.equals(pipeline))) {
      fields.error(
          "TRIGGER_LOOP",
          "on.name",
          name == null
              ? "the end of any pipeline would start '" + pipeline + "', its own end too"
              : "the end of '" + pipeline + "' would start it again",
          "Name another pipeline, or set allowSelf: true.");
    }
    return new TriggerRules(
        pipeline,
        fields.integer("version", 1, Integer.MAX_VALUE),
        mapping.params(fields.map("params"), fields),
        fields.priority(),
        mapping.condition("when", fields.text("when"), fields),
        source,
        allowSelf,
        hook.map(TriggerRules::secret).orElse(null));
  }

  private static final Source NOTHING = new Source.On("", null, null, null);

  private static Source hook(Fields fields) {
    var kind = fields.word("kind", List.of("github", "gitlab", "generic"));
    if (!fields.has("kind")) {
      fields.requireText("kind");
    }
    var tolerance = fields.duration("tolerance");
    if (tolerance != null
        && (tolerance.compareTo(MOST_TOLERANCE) > 0
            || tolerance.compareTo(Duration.ofSeconds(1)) < 0)) {
      fields.error("OUT_OF_RANGE", "tolerance", "'tolerance' is not between 1s and 1h", null);
    }
    fields.has("secret");
    fields.refuseUnknown();
    return new Source.Hook(
        kind == null ? HookKind.GENERIC : HookKind.valueOf(kind.toUpperCase(Locale.ROOT)),
        tolerance == null ? TOLERANCE : tolerance);
  }

  private static @Nullable String secret(Fields hook) {
    var secret = hook.text("secret");
    if (secret != null && (secret.length() < SHORTEST_SECRET || secret.length() > LONGEST_SECRET)) {
      hook.error(
          "OUT_OF_RANGE",
          "secret",
          "the secret has %d characters; it needs %d, and %d at most"
              .formatted(secret.length(), SHORTEST_SECRET, LONGEST_SECRET),
          "Make one with: openssl rand -hex 32");
    }
    return secret;
  }

  private static Source on(Fields fields) {
    var event = fields.word("event", EVENTS);
    if (!fields.has("event")) {
      fields.requireText("event");
    }
    var alias = fields.text("alias");
    var state = fields.word("state", STATES);
    if (alias != null && !MODEL_ALIAS.equals(event)) {
      fields.error("NOT_APPLICABLE", "alias", "'alias' is for " + MODEL_ALIAS + " only", null);
    }
    if (state != null && !RUN_ENDED.equals(event)) {
      fields.error("NOT_APPLICABLE", "state", "'state' is for " + RUN_ENDED + " only", null);
    }
    var name = fields.text("name");
    fields.refuseUnknown();
    return new Source.On(event == null ? "" : event, name, alias, state);
  }
}

package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Trigger;
import dev.pipewright.contract.api.TriggerSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Triggers: what starts runs when something happens.
public final class Triggers {
  private final Http http;

  Triggers(Http http) {
    this.http = http;
  }

  /// Makes the trigger of this name, or changes it.
  ///
  /// @throws ProblemException TRIGGER_INVALID with every error
  public Trigger apply(String name, TriggerSpec spec) {
    return apply(name, Json.MAPPER.<JsonNode>valueToTree(spec));
  }

  /// As [#apply(String, TriggerSpec)], with the document as it stands.
  public Trigger apply(String name, JsonNode document) {
    return http.put(path(name), document, Trigger.class);
  }

  /// One page, newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<Trigger> list(@Nullable String after) {
    return http.get(
        Http.path(List.of("triggers"), query("after", after)), new TypeReference<>() {});
  }

  /// @throws ProblemException TRIGGER_NOT_FOUND
  public Trigger get(String name) {
    return http.get(path(name), Trigger.class);
  }

  /// Lets it start nothing for now.
  ///
  /// @throws ProblemException TRIGGER_NOT_FOUND
  public Trigger pause(String name) {
    return act(name, "pause");
  }

  /// Lets it go on.
  ///
  /// @throws ProblemException TRIGGER_NOT_FOUND
  public Trigger resume(String name) {
    return act(name, "resume");
  }

  /// Runs that it started stay.
  ///
  /// @throws ProblemException TRIGGER_NOT_FOUND
  public void delete(String name) {
    http.delete(path(name));
  }

  /// On which occasions it started runs, or did not; newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  /// @throws ProblemException TRIGGER_NOT_FOUND
  public Page<Fire> history(String name, @Nullable String after) {
    return http.get(
        Http.path(List.of("triggers", name, "history"), query("after", after)),
        new TypeReference<>() {});
  }

  private Trigger act(String name, String action) {
    return http.post(
        Http.path(List.of("triggers", name, action), Map.of()), null, null, Trigger.class);
  }

  private static String path(String name) {
    return Http.path(List.of("triggers", name), Map.of());
  }

  private static Map<String, @Nullable Object> query(String name, @Nullable Object value) {
    var query = new HashMap<String, @Nullable Object>();
    query.put(name, value);
    return query;
  }
}

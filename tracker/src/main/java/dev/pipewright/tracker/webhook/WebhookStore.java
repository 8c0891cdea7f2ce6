package dev.pipewright.tracker.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import jakarta.enterprise.context.ApplicationScoped;
import org.jdbi.v3.core.Handle;

/// All SQL of webhooks and what they are to be told.
@ApplicationScoped
public class WebhookStore {
  /// Tells every webhook that listens for it of a change, if and when the transaction commits.
  ///
  /// @param entity in the protocol's words: `MODEL_VERSION`; beyond them `RUN` and `EXPERIMENT`
  /// @param action `CREATED`, `UPDATED`, `SET`, `DELETED`
  /// @param data what becomes the `data` of the message
  public void emit(Handle tx, String entity, String action, Object data) {
    String json;
    try {
      json = Json.MAPPER.writeValueAsString(data);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a webhook's data did not become JSON", e);
    }
    tx.createUpdate(
            """
            insert into tracker.webhook_delivery (webhook_id, entity, action, data)
            select id, :entity, :action, :data::jsonb from tracker.webhook
            where status = 'ACTIVE'
              and events @> jsonb_build_array(jsonb_build_object('entity', :entity, 'action', :action))
            """)
        .bind("entity", entity)
        .bind("action", action)
        .bind("data", json)
        .execute();
  }
}

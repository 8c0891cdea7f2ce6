package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.trace.Assessment.Kind;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of assessments.
@ApplicationScoped
public class AssessmentStore {
  private static final TypeReference<TreeMap<String, String>> PAIRS = new TypeReference<>() {};
  private static final String SELECT =
      """
      select a.id, t.id as trace_id, a.name, a.kind, a.value::text as value, a.error::text as error,
        a.source_type, a.source_id, a.span_id, a.rationale, a.metadata::text as metadata, a.overrides,
        a.valid, a.created_at, a.updated_at
      from tracker.assessment a join tracker.trace t on t.number = a.trace
      """;

  private final Db db;

  AssessmentStore(Db db) {
    this.db = db;
  }

  public static AssessmentStore on(Db db) {
    return new AssessmentStore(db);
  }

  private record Row(
      String id,
      String traceId,
      String name,
      String kind,
      String value,
      @Nullable String error,
      String sourceType,
      String sourceId,
      @Nullable String spanId,
      @Nullable String rationale,
      String metadata,
      @Nullable String overrides,
      boolean valid,
      Instant createdAt,
      Instant updatedAt) {
    Assessment assessment() {
      try {
        return new Assessment(
            id,
            traceId,
            name,
            Kind.valueOf(kind.toUpperCase(Locale.ROOT)),
            Json.MAPPER.readTree(value),
            error == null ? null : Json.MAPPER.readTree(error),
            sourceType,
            sourceId,
            spanId,
            rationale,
            Json.MAPPER.readValue(metadata, PAIRS),
            overrides,
            valid,
            createdAt,
            updatedAt);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("a stored assessment is damaged", e);
      }
    }
  }

  /// Adds an assessment or, where its id is known in this trace, replaces it.
  ///
  /// @param trace the trace's number
  /// @return false when the id belongs to another trace
  public boolean put(Handle tx, long trace, Assessment assessment) {
    return tx.createUpdate(
                """
                insert into tracker.assessment as a
                  (id, trace, name, kind, value, error, source_type, source_id, span_id, rationale,
                   metadata, overrides, valid, created_at, updated_at)
                values (:id, :trace, :name, :kindText, :valueJson::json, :errorJson::json, :sourceType,
                  :sourceId, :spanId, :rationale, :metadataJson::jsonb, :overrides, :valid, :createdAt,
                  :updatedAt)
                on conflict (id) do update set
                  name = excluded.name, kind = excluded.kind, value = excluded.value,
                  error = excluded.error, rationale = excluded.rationale,
                  metadata = excluded.metadata, valid = excluded.valid, updated_at = excluded.updated_at
                where a.trace = excluded.trace
                """)
            .bindMethods(assessment)
            .bind("trace", trace)
            .bind("kindText", assessment.kind().name().toLowerCase(Locale.ROOT))
            .bind("valueJson", json(assessment.value()))
            .bind("errorJson", assessment.error() == null ? null : json(assessment.error()))
            .bind("metadataJson", json(assessment.metadata()))
            .execute()
        > 0;
  }

  /// False when the trace has no such assessment.
  public static boolean setValid(Handle tx, long trace, String id, boolean valid) {
    return tx.createUpdate(
                "update tracker.assessment set valid = :valid where trace = :trace and id = :id")
            .bind("trace", trace)
            .bind("id", id)
            .bind("valid", valid)
            .execute()
        > 0;
  }

  public static Optional<Assessment> find(Handle handle, String traceId, String id) {
    return handle
        .createQuery(SELECT + "where a.id = :id and t.id = :trace")
        .bind("id", id)
        .bind("trace", traceId)
        .mapTo(Row.class)
        .findOne()
        .map(Row::assessment);
  }

  /// Keeps others from changing it until the transaction ends.
  public static void lock(Handle tx, String id) {
    tx.createQuery("select 1 from tracker.assessment where id = :id for update")
        .bind("id", id)
        .mapTo(Integer.class)
        .findOne();
  }

  public static void delete(Handle tx, long trace, String id) {
    tx.createUpdate("delete from tracker.assessment where trace = :trace and id = :id")
        .bind("trace", trace)
        .bind("id", id)
        .execute();
  }

  /// In the order they were made.
  public Map<String, List<Assessment>> ofTraces(Collection<String> traceIds) {
    var found = new HashMap<String, List<Assessment>>();
    db.read(handle ->
            handle
                .createQuery(SELECT + "where t.id = any(:traces) order by a.created_at, a.id")
                .bindArray("traces", String.class, traceIds)
                .mapTo(Row.class)
                .list())
        .forEach(row ->
            found.computeIfAbsent(row.traceId, id -> new ArrayList<>()).add(row.assessment()));
    return found;
  }

  private static String json(Object value) {
    try {
      return value instanceof JsonNode node
          ? node.toString()
          : Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a value did not become JSON", e);
    }
  }
}

package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.Pairs;
import dev.pipewright.tracker.trace.SpanTree.Node;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of traces, their spans, and what they are linked to.
@ApplicationScoped
public class TraceStore {
  private static final int SPANS_PER_STATEMENT = 5000;

  private final Db db;

  TraceStore(Db db) {
    this.db = db;
  }

  public static TraceStore on(Db db) {
    return new TraceStore(db);
  }

  private record Row(
      long number,
      String id,
      long experimentId,
      @Nullable String clientRequestId,
      Instant requestTime,
      @Nullable Long duration,
      String state,
      @Nullable String requestPreview,
      @Nullable String responsePreview,
      String metadata,
      String tags) {
    TraceInfo info() {
      return new TraceInfo(
          id,
          experimentId,
          clientRequestId,
          requestTime,
          duration,
          state,
          requestPreview,
          responsePreview,
          Pairs.of(metadata),
          Pairs.of(tags));
    }
  }

  /// What a client says of a whole trace. It holds against what spans say, sooner or later.
  public void start(Handle tx, TraceInfo trace) {
    tx.createUpdate(
            """
            insert into tracker.trace as t
              (id, experiment_id, client_request_id, request_time, duration, state,
               request_preview, response_preview, metadata, tags, finalized)
            values (:id, :experimentId, :clientRequestId, :requestTime, :duration, :state,
              :requestPreview, :responsePreview, :metadataJson::jsonb, :tagsJson::jsonb, true)
            on conflict (id) do update set
              experiment_id = excluded.experiment_id,
              client_request_id = excluded.client_request_id,
              request_time = excluded.request_time,
              duration = excluded.duration,
              state = excluded.state,
              request_preview = coalesce(excluded.request_preview, t.request_preview),
              response_preview = coalesce(excluded.response_preview, t.response_preview),
              metadata = t.metadata || excluded.metadata,
              tags = t.tags || excluded.tags,
              finalized = true
            """)
        .bindMethods(trace)
        .bind("metadataJson", Pairs.json(trace.metadata()))
        .bind("tagsJson", Pairs.json(trace.tags()))
        .execute();
  }

  /// The end of a trace as old clients say it. False when there is no such trace.
  ///
  /// @param at when it ended
  public boolean end(
      Handle tx,
      String id,
      Instant at,
      String state,
      Map<String, String> metadata,
      Map<String, String> tags) {
    return tx.createUpdate(
                """
                update tracker.trace set
                  duration = round(extract(epoch from cast(:at as timestamptz) - request_time) * 1000),
                  state = :state, metadata = metadata || :metadata::jsonb, tags = tags || :tags::jsonb
                where id = :id
                """)
            .bind("id", id)
            .bind("at", at)
            .bind("state", state)
            .bind("metadata", Pairs.json(metadata))
            .bind("tags", Pairs.json(tags))
            .execute()
        > 0;
  }

  public Optional<TraceInfo> find(String id) {
    return all(List.of(id)).stream().findFirst();
  }

  /// In the order of the ids; those that do not exist are left out.
  public List<TraceInfo> all(Collection<String> ids) {
    return db
        .read(handle ->
            handle
                .createQuery(
                    """
                    select number, id, experiment_id, client_request_id, request_time, duration, state,
                      request_preview, response_preview, metadata::text as metadata, tags::text as tags
                    from tracker.trace
                    join unnest(:ids) with ordinality as asked (id, place) using (id) order by place
                    """)
                .bindArray("ids", String.class, ids)
                .mapTo(Row.class)
                .list())
        .stream()
        .map(Row::info)
        .toList();
  }

  /// The key that rows of a trace have; empty when there is no such trace.
  public static Optional<Long> number(Handle handle, String id) {
    return handle
        .createQuery("select number from tracker.trace where id = :id")
        .bind("id", id)
        .mapTo(Long.class)
        .findOne();
  }

  /// False when there is no such trace.
  public boolean setTag(String id, String key, String value) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                    "update tracker.trace set tags = tags || jsonb_build_object(cast(:key as text), cast(:value as text)) where id = :id")
                .bind("id", id)
                .bind("key", key)
                .bind("value", value)
                .execute()
            > 0);
  }

  /// False when there is no such trace, or it has no such tag.
  public boolean deleteTag(String id, String key) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                    "update tracker.trace set tags = tags - :key where id = :id and jsonb_exists(tags, :key)")
                .bind("id", id)
                .bind("key", key)
                .execute()
            > 0);
  }

  public int delete(long experimentId, Collection<String> ids) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                "delete from tracker.trace where experiment_id = :experiment and id = any(:ids)")
            .bind("experiment", experimentId)
            .bindArray("ids", String.class, ids)
            .execute());
  }

  /// Deletes the oldest ones.
  ///
  /// @param until the youngest that may go
  /// @param most null for all
  public int deleteUntil(long experimentId, Instant until, @Nullable Long most) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                delete from tracker.trace where number in (
                  select number from tracker.trace
                  where experiment_id = :experiment and request_time <= :until
                  order by request_time, id limit cast(:most as bigint))
                """)
            .bind("experiment", experimentId)
            .bind("until", until)
            .bind("most", most)
            .execute());
  }

  /// Those traces that exist.
  public void linkToRun(Handle tx, Collection<String> ids, long run) {
    tx.createUpdate(
            """
            insert into tracker.trace_run (trace, run)
            select number, :run from tracker.trace where id = any(:ids) order by number
            on conflict do nothing
            """)
        .bindArray("ids", String.class, ids)
        .bind("run", run)
        .execute();
  }

  /// False when there is no such trace.
  ///
  /// @param prompts names and versions with a slash between
  public boolean linkPrompts(Handle tx, String id, Collection<String> prompts) {
    var trace = number(tx, id);
    trace.ifPresent(number ->
        tx.createUpdate(
                """
                insert into tracker.trace_prompt (trace, prompt)
                select :trace, unnest(:prompts) on conflict do nothing
                """)
            .bind("trace", number)
            .bindArray("prompts", String.class, prompts)
            .execute());
    return trace.isPresent();
  }

  // Spans

  /// Which experiments the traces belong to that are there already.
  public static Map<String, Long> experiments(Handle tx, Collection<String> ids) {
    record Known(String id, long experimentId) {}

    var known = new HashMap<String, Long>();
    tx.createQuery("select id, experiment_id from tracker.trace where id = any(:ids)")
        .bindArray("ids", String.class, ids)
        .map((rs, context) -> new Known(rs.getString(1), rs.getLong(2)))
        .forEach(each -> known.put(each.id, each.experimentId));
    return known;
  }

  private record Written(String id, long number, boolean counted, boolean priced) {}

  /// Adds spans, and to their traces what follows from them. A span that comes again replaces the
  /// one before.
  ///
  /// @param experimentId of traces that are not there yet
  /// @param location where the files of a trace go
  public void addSpans(
      Handle tx, long experimentId, OtlpSpans.Batch batch, TraceLocation location) {
    var traces = new TreeMap<String, Map<String, Span>>();
    for (var span : batch.spans()) {
      traces.computeIfAbsent(span.traceId(), id -> new LinkedHashMap<>()).put(span.id(), span);
    }
    var infos = new ArrayList<TraceInfo>(traces.size());
    traces.forEach((id, spans) ->
        infos.add(
            TraceOfSpans.info(
                id,
                experimentId,
                spans.values(),
                batch.resources().getOrDefault(id, Map.of()),
                location.of(id))));
    var written = new HashMap<String, Written>();
    for (var each : upsert(tx, infos)) {
      written.put(each.id, each);
    }
    var rows = new ArrayList<Span>(batch.spans().size());
    traces.values().forEach(spans -> rows.addAll(spans.values()));
    for (int from = 0; from < rows.size(); from += SPANS_PER_STATEMENT) {
      insert(tx, rows.subList(from, Math.min(rows.size(), from + SPANS_PER_STATEMENT)), written);
    }
    sum(
        tx,
        traces.entrySet().stream()
            .filter(trace -> has(trace.getValue().values(), SemanticConventions.USAGE))
            .map(trace -> written.get(trace.getKey()))
            .filter(trace -> trace != null && !trace.counted)
            .map(Written::number)
            .toList(),
        "usage",
        TraceInfo.USAGE_METADATA,
        SpanTree.TOKENS);
    sum(
        tx,
        traces.entrySet().stream()
            .filter(trace -> has(trace.getValue().values(), SemanticConventions.COST))
            .map(trace -> written.get(trace.getKey()))
            .filter(trace -> trace != null && !trace.priced)
            .map(Written::number)
            .toList(),
        "cost",
        TraceInfo.COST_METADATA,
        SpanTree.COSTS);
  }

  /// Where the files of a trace go, as an address.
  @FunctionalInterface
  public interface TraceLocation {
    String of(String traceId);
  }

  private static boolean has(Collection<Span> spans, String attribute) {
    return spans.stream().anyMatch(span -> span.attributes().has(attribute));
  }

  /// In the order of their ids, so that two writers of the same traces wait for each other instead
  /// of locking each other out.
  private static List<Written> upsert(Handle tx, List<TraceInfo> infos) {
    return tx.createQuery(
            """
            insert into tracker.trace as t
              (id, experiment_id, request_time, duration, state, request_preview, response_preview,
               metadata, tags)
            select id, experiment, at, duration, state, request, response, metadata::jsonb, tags::jsonb
            from unnest(:ids, :experiments, :times::timestamptz[], :durations, :states, :requests,
              :responses, :metadata, :tags)
              as n (id, experiment, at, duration, state, request, response, metadata, tags)
            on conflict (id) do update set
              request_time = case when t.finalized then t.request_time
                else least(t.request_time, excluded.request_time) end,
              duration = case when t.finalized or excluded.duration is null then t.duration
                else round(extract(epoch from
                  greatest(t.request_time + t.duration * interval '1 ms',
                    excluded.request_time + excluded.duration * interval '1 ms')
                  - least(t.request_time, excluded.request_time)) * 1000) end,
              state = case when t.state in ('IN_PROGRESS', 'STATE_UNSPECIFIED') then excluded.state
                else t.state end,
              request_preview = coalesce(t.request_preview, excluded.request_preview),
              response_preview = coalesce(t.response_preview, excluded.response_preview),
              metadata = excluded.metadata || t.metadata,
              tags = t.tags || (excluded.tags - 'mlflow.artifactLocation')
            returning id, number,
              finalized and jsonb_exists(metadata, 'mlflow.trace.tokenUsage') as counted,
              finalized and jsonb_exists(metadata, 'mlflow.trace.cost') as priced
            """)
        .bindArray("ids", String.class, infos.stream().map(TraceInfo::id).toList())
        .bindArray("experiments", Long.class, infos.stream().map(TraceInfo::experimentId).toList())
        .bindArray(
            "times",
            String.class,
            infos.stream().map(each -> each.requestTime().toString()).toList())
        .bindArray("durations", Long.class, column(infos, TraceInfo::duration))
        .bindArray("states", String.class, column(infos, TraceInfo::state))
        .bindArray("requests", String.class, column(infos, TraceInfo::requestPreview))
        .bindArray("responses", String.class, column(infos, TraceInfo::responsePreview))
        .bindArray("metadata", String.class, column(infos, each -> Pairs.json(each.metadata())))
        .bindArray("tags", String.class, column(infos, each -> Pairs.json(each.tags())))
        .mapTo(Written.class)
        .list();
  }

  @FunctionalInterface
  private interface Part<T, V> {
    @Nullable V of(T row);
  }

  /// A list that may hold null.
  private static <T, V> List<V> column(List<T> rows, Part<T, V> part) {
    var column = new ArrayList<V>(rows.size());
    rows.forEach(row -> column.add(part.of(row)));
    return column;
  }

  private static void insert(Handle tx, List<Span> spans, Map<String, Written> traces) {
    tx.createUpdate(
            """
            insert into tracker.span
              (trace, id, parent_id, name, type, status, started, ended, usage, cost, model, provider,
               content)
            select trace, id, parent_id, name, type, status, started, ended, usage::json, cost::json,
              model, provider, content
            from unnest(:traces, :ids, :parents, :names, :types, :statuses, :started, :ended, :usage,
              :cost, :models, :providers, :contents)
              as n (trace, id, parent_id, name, type, status, started, ended, usage, cost, model,
                provider, content)
            on conflict (trace, id) do update set
              parent_id = excluded.parent_id, name = excluded.name, type = excluded.type,
              status = excluded.status, started = excluded.started, ended = excluded.ended,
              usage = excluded.usage, cost = excluded.cost, model = excluded.model,
              provider = excluded.provider, content = excluded.content
            """)
        .bindArray("traces", Long.class, column(spans, span -> traces.get(span.traceId()).number))
        .bindArray("ids", String.class, column(spans, Span::id))
        .bindArray("parents", String.class, column(spans, Span::parentId))
        .bindArray("names", String.class, column(spans, Span::name))
        .bindArray("types", String.class, column(spans, Span::type))
        .bindArray("statuses", String.class, column(spans, Span::status))
        .bindArray("started", Long.class, column(spans, Span::started))
        .bindArray("ended", Long.class, column(spans, Span::ended))
        .bindArray(
            "usage", String.class, column(spans, each -> object(each, SemanticConventions.USAGE)))
        .bindArray(
            "cost", String.class, column(spans, each -> object(each, SemanticConventions.COST)))
        .bindArray(
            "models", String.class, column(spans, each -> text(each, SemanticConventions.MODEL)))
        .bindArray(
            "providers",
            String.class,
            column(spans, each -> text(each, SemanticConventions.PROVIDER)))
        .bindArray("contents", String.class, column(spans, each -> each.content().toString()))
        .execute();
  }

  private static @Nullable String object(Span span, String attribute) {
    return span.attributes().get(attribute) instanceof ObjectNode object ? object.toString() : null;
  }

  private static @Nullable String text(Span span, String attribute) {
    var value = span.attributes().get(attribute);
    return value != null && value.isTextual() ? value.textValue() : null;
  }

  private record Used(long trace, String id, @Nullable String parentId, @Nullable String used) {}

  /// From all spans of the traces: one that came before may hold what one of these rolls up.
  private static void sum(
      Handle tx, List<Long> traces, String column, String metadata, List<String> keys) {
    if (traces.isEmpty()) {
      return;
    }
    var nodes = new TreeMap<Long, List<Node>>();
    tx.createQuery(
            "select trace, id, parent_id, "
                + column
                + "::text as used from tracker.span where trace = any(:traces)")
        .bindArray("traces", Long.class, traces)
        .mapTo(Used.class)
        .forEach(each ->
            nodes
                .computeIfAbsent(each.trace, trace -> new ArrayList<>())
                .add(new Node(each.id, each.parentId, each.used == null ? null : read(each.used))));
    var batch =
        tx.prepareBatch(
            "update tracker.trace set metadata = metadata || jsonb_build_object(cast(:key as text), cast(:value as text)) where number = :trace");
    nodes.forEach((trace, spans) ->
        SpanTree.sum(spans, keys)
            .ifPresent(sum ->
                batch
                    .bind("trace", trace)
                    .bind("key", metadata)
                    .bind("value", sum.toString())
                    .add()));
    if (batch.size() > 0) {
      batch.execute();
    }
  }

  private record SpanRow(
      String traceId,
      String id,
      @Nullable String parentId,
      String name,
      String type,
      String status,
      long started,
      @Nullable Long ended,
      String content) {
    Span span() {
      return new Span(
          traceId, id, parentId, name, type, status, started, ended, (ObjectNode) read(content));
    }
  }

  /// The spans of each trace, roots first and then as they began.
  public Map<String, List<Span>> spans(Collection<String> traceIds) {
    var found = new HashMap<String, List<Span>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select t.id as trace_id, s.id, s.parent_id, s.name, s.type, s.status, s.started,
                      s.ended, s.content
                    from tracker.span s join tracker.trace t on t.number = s.trace
                    where t.id = any(:traces)
                    order by s.trace, s.parent_id is not null, s.started, s.id
                    """)
                .bindArray("traces", String.class, traceIds)
                .mapTo(SpanRow.class)
                .list())
        .forEach(
            row -> found.computeIfAbsent(row.traceId, id -> new ArrayList<>()).add(row.span()));
    return found;
  }

  private static JsonNode read(String json) {
    try {
      return Json.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored JSON is damaged", e);
    }
  }
}

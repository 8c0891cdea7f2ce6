package dev.pipewright.tracker.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.Page;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of webhooks and what they are to be told.
@ApplicationScoped
public class WebhookStore {
  private static final TypeReference<LinkedHashSet<WebhookEvent>> EVENTS = new TypeReference<>() {};

  private static final String INSERT =
      "insert into tracker.webhook_delivery (webhook_id, entity, action, data)\n";

  private static final String COLUMNS =
      """
      select id, number, name, description, url, events::text as events, secret, status,
        created_at, updated_at
      from tracker.webhook
      """;

  private final Db db;

  /// What any webhook listens for, so that what nobody listens for costs no statement. Webhooks are
  /// changed by this process only.
  private final AtomicReference<Listened> listened = new AtomicReference<>(new Listened(null));

  WebhookStore(Db db) {
    this.db = db;
  }

  public static WebhookStore on(Db db) {
    return new WebhookStore(db);
  }

  // What happens ---------------------------------------------------------------------------------

  /// @param data what becomes the `data` of the message
  public record Happening(String entity, String action, Object data) {}

  /// Tells every webhook that listens for it of a change, if and when the transaction commits.
  ///
  /// @param entity in the protocol's words: `MODEL_VERSION`; beyond them `RUN` and `EXPERIMENT`
  /// @param action `CREATED`, `UPDATED`, `SET`, `DELETED`
  public void emit(Handle tx, String entity, String action, Object data) {
    emit(tx, List.of(new Happening(entity, action, data)));
  }

  /// The same for several changes, in one statement.
  public void emit(Handle tx, Collection<Happening> happenings) {
    var heard = happenings.stream().filter(each -> isHeard(each.entity(), each.action())).toList();
    if (heard.isEmpty()) {
      return;
    }
    tx.createUpdate(
            INSERT
                + """
                select w.id, h.entity, h.action, h.data::jsonb
                from unnest(:entities, :actions, :datas) with ordinality as h (entity, action, data, place)
                join tracker.webhook w on w.status = 'ACTIVE' and w.events
                  @> jsonb_build_array(jsonb_build_object('entity', h.entity, 'action', h.action))
                order by h.place
                """)
        .bindArray("entities", String.class, heard.stream().map(Happening::entity).toList())
        .bindArray("actions", String.class, heard.stream().map(Happening::action).toList())
        .bindArray("datas", String.class, heard.stream().map(each -> json(each.data())).toList())
        .execute();
  }

  /// Whether any webhook listens for it.
  public boolean isHeard(String entity, String action) {
    var before = listened.get();
    var known = before.events;
    if (known == null) {
      known = listenedNow();
      // Unless a webhook changed while they were read.
      listened.compareAndSet(before, new Listened(known));
    }
    return known.contains(new WebhookEvent(entity, action));
  }

  /// @param events null when they are not known
  private static final class Listened {
    private final @Nullable Set<WebhookEvent> events;

    Listened(@Nullable Set<WebhookEvent> events) {
      this.events = events;
    }
  }

  /// Tells of runs, as they are now.
  public void emitRuns(Handle tx, String action, Collection<String> runIds) {
    if (runIds.isEmpty() || !isHeard("RUN", action)) {
      return;
    }
    tx.createUpdate(
            INSERT
                + """
                select w.id, 'RUN', :action, jsonb_strip_nulls(jsonb_build_object(
                  'run_id', r.id, 'run_name', r.name, 'experiment_id', r.experiment_id::text,
                  'status', r.status, 'start_time', (extract(epoch from r.start_time) * 1000)::bigint,
                  'end_time', (extract(epoch from r.end_time) * 1000)::bigint))
                from tracker.run r join tracker.webhook w on w.status = 'ACTIVE' and w.events
                  @> jsonb_build_array(jsonb_build_object('entity', 'RUN', 'action', :action))
                where r.id = any(:runs) order by r.number
                """)
        .bind("action", action)
        .bindArray("runs", String.class, runIds)
        .execute();
  }

  /// Tells of an experiment, as it is now.
  public void emitExperiment(Handle tx, String action, long id) {
    if (!isHeard("EXPERIMENT", action)) {
      return;
    }
    tx.createUpdate(
            INSERT
                + """
                select w.id, 'EXPERIMENT', :action, jsonb_build_object(
                  'experiment_id', e.id::text, 'name', e.name, 'artifact_location', e.artifact_location)
                from tracker.experiment e join tracker.webhook w on w.status = 'ACTIVE' and w.events
                  @> jsonb_build_array(jsonb_build_object('entity', 'EXPERIMENT', 'action', :action))
                where e.id = :id
                """)
        .bind("action", action)
        .bind("id", id)
        .execute();
  }

  private Set<WebhookEvent> listenedNow() {
    var all = new HashSet<WebhookEvent>();
    db.read(handle ->
            handle
                .createQuery("select events::text from tracker.webhook where status = 'ACTIVE'")
                .mapTo(String.class)
                .list())
        .forEach(events -> all.addAll(events(events)));
    return all;
  }

  // Webhooks -------------------------------------------------------------------------------------

  /// @param secret encrypted
  public record WebhookRow(
      UUID id,
      long number,
      String name,
      @Nullable String description,
      String url,
      String events,
      byte @Nullable [] secret,
      String status,
      Instant createdAt,
      Instant updatedAt) {
    public Set<WebhookEvent> listensFor() {
      return WebhookStore.events(events);
    }
  }

  /// What a webhook is made of, or what becomes of one; null leaves a part as it is.
  public record Definition(
      @Nullable String name,
      @Nullable String description,
      @Nullable String url,
      @Nullable Collection<WebhookEvent> events,
      @Nullable String status) {}

  /// @param secret encrypted; null for none
  void create(UUID id, Definition webhook, byte @Nullable [] secret) {
    db.useTransaction(tx -> {
      changes(tx);
      tx.createUpdate(
              """
              insert into tracker.webhook (id, name, description, url, events, secret, status)
              values (:id, :name, :description, :url, :events::jsonb, :secret,
                coalesce(cast(:status as text), 'ACTIVE'))
              """)
          .bind("id", id)
          .bind("name", webhook.name)
          .bind("description", webhook.description)
          .bind("url", webhook.url)
          .bind("events", json(webhook.events))
          .bind("secret", secret)
          .bind("status", webhook.status)
          .execute();
    });
  }

  /// What webhooks listen for is read anew once the transaction is committed.
  private void changes(Handle tx) {
    tx.afterCommit(() -> listened.set(new Listened(null)));
  }

  /// @param newSecret whether the secret changes; null is none
  /// @return false when there is no such webhook
  boolean update(UUID id, Definition webhook, boolean newSecret, byte @Nullable [] secret) {
    return db.inTransaction(tx -> {
      changes(tx);
      return tx.createUpdate(
                  """
                  update tracker.webhook set
                    name = coalesce(cast(:name as text), name),
                    description = coalesce(cast(:description as text), description),
                    url = coalesce(cast(:url as text), url),
                    events = coalesce(cast(:events as jsonb), events),
                    status = coalesce(cast(:status as text), status),
                    secret = case when :newSecret then cast(:secret as bytea) else secret end,
                    updated_at = now()
                  where id = :id
                  """)
              .bind("id", id)
              .bind("name", webhook.name)
              .bind("description", webhook.description)
              .bind("url", webhook.url)
              .bind("events", webhook.events == null ? null : json(webhook.events))
              .bind("status", webhook.status)
              .bind("newSecret", newSecret)
              .bind("secret", secret)
              .execute()
          == 1;
    });
  }

  /// Its deliveries go with it.
  ///
  /// @return false when there is no such webhook
  public boolean delete(UUID id) {
    return db.inTransaction(tx -> {
      changes(tx);
      return tx.createUpdate("delete from tracker.webhook where id = :id").bind("id", id).execute()
          == 1;
    });
  }

  public Optional<WebhookRow> find(UUID id) {
    return db.read(handle ->
        handle
            .createQuery(COLUMNS + " where id = :id")
            .bind("id", id)
            .mapTo(WebhookRow.class)
            .findOne());
  }

  /// Newest first; one more than asked for where there are more.
  ///
  /// @param before the number of the last one seen; null from the first
  public List<WebhookRow> list(int limit, @Nullable Long before) {
    return db.read(handle ->
        handle
            .createQuery(COLUMNS + " where number < :before order by number desc limit :limit")
            .bind("before", before == null ? Long.MAX_VALUE : before)
            .bind("limit", limit + 1)
            .mapTo(WebhookRow.class)
            .list());
  }

  // Deliveries -----------------------------------------------------------------------------------

  /// A delivery that is to be tried now.
  record Due(
      UUID id,
      UUID webhookId,
      String entity,
      String action,
      String data,
      Instant createdAt,
      int attempts,
      String url,
      byte @Nullable [] secret) {}

  /// Takes deliveries that are due. Who takes one and vanishes holds it only until the lease ends.
  ///
  /// @param each at most so many of one webhook
  /// @param busy webhooks that have enough to do
  List<Due> claim(int most, int each, Collection<UUID> busy, Duration lease) {
    return db.inTransaction(tx ->
        tx.createQuery(
                """
                with due as (
                  select d.id from tracker.webhook w, lateral (
                    select id from tracker.webhook_delivery
                    where webhook_id = w.id and state = 'PENDING' and next_attempt_at <= now()
                    order by next_attempt_at limit :each for update skip locked) d
                  where w.status = 'ACTIVE' and w.id <> all(:busy) limit :most)
                update tracker.webhook_delivery d set
                  attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => :lease)
                from due, tracker.webhook w
                where d.id = due.id and w.id = d.webhook_id
                returning d.id, d.webhook_id, d.entity, d.action, d.data::text as data, d.created_at,
                  d.attempts, w.url, w.secret
                """)
            .bind("each", each)
            .bind("most", most)
            .bindArray("busy", UUID.class, busy)
            .bind("lease", lease.toMillis() / 1000.0)
            .mapTo(Due.class)
            .list());
  }

  /// How an attempt ended.
  ///
  /// @param retryIn null when it is not tried again
  record Ended(
      boolean delivered,
      @Nullable Integer responseStatus,
      @Nullable String responseBody,
      @Nullable String error,
      @Nullable Duration retryIn) {}

  void ended(UUID id, Ended ended) {
    boolean again = !ended.delivered && ended.retryIn != null;
    db.useTransaction(tx ->
        tx.createUpdate(
                """
                update tracker.webhook_delivery set
                  state = :state, response_status = :status, response_body = :body, error = :error,
                  next_attempt_at = now() + make_interval(secs => :retryIn),
                  finished_at = case when :again then null else now() end
                where id = :id and state = 'PENDING'
                """)
            .bind("id", id)
            .bind("state", again ? "PENDING" : ended.delivered ? "DELIVERED" : "FAILED")
            .bind("status", ended.responseStatus)
            .bind("body", text(ended.responseBody))
            .bind("error", text(ended.error))
            .bind("retryIn", ended.retryIn == null ? 0.0 : ended.retryIn.toMillis() / 1000.0)
            .bind("again", again)
            .execute());
  }

  /// PostgreSQL takes every character but one.
  private static @Nullable String text(@Nullable String text) {
    return text == null ? null : text.replace('\0', '\uFFFD');
  }

  private record LogRow(long number, Delivery delivery) {}

  /// Newest first.
  Page<Delivery> deliveries(UUID webhook, int limit, @Nullable Long before) {
    var rows =
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select number, id, webhook_id, entity, action, data::text as data, created_at,
                      state, attempts, case when state = 'PENDING' then next_attempt_at end as next_attempt_at,
                      response_status, response_body, error, finished_at
                    from tracker.webhook_delivery
                    where webhook_id = :webhook and number < :before order by number desc limit :limit
                    """)
                .bind("webhook", webhook)
                .bind("before", before == null ? Long.MAX_VALUE : before)
                .bind("limit", limit + 1)
                .map((rs, context) ->
                    new LogRow(
                        rs.getLong("number"),
                        context.findRowMapperFor(Delivery.class).orElseThrow().map(rs, context)))
                .list());
    return Paging.page(rows, limit, row -> String.valueOf(row.number), LogRow::delivery);
  }

  /// What a replay found.
  enum Replay {
    STARTED,
    STILL_PENDING,
    NO_SUCH_DELIVERY
  }

  /// Lets a delivery that ended begin anew, under its own id.
  Replay replay(UUID id) {
    return db.inTransaction(tx -> {
      int begun =
          tx.createUpdate(
                  """
                  update tracker.webhook_delivery set
                    state = 'PENDING', attempts = 0, next_attempt_at = now(), finished_at = null,
                    error = null, response_status = null, response_body = null
                  where id = :id and state <> 'PENDING'
                  """)
              .bind("id", id)
              .execute();
      if (begun == 1) {
        return Replay.STARTED;
      }
      boolean known =
          tx.createQuery("select exists (select from tracker.webhook_delivery where id = :id)")
              .bind("id", id)
              .mapTo(Boolean.class)
              .one();
      return known ? Replay.STILL_PENDING : Replay.NO_SUCH_DELIVERY;
    });
  }

  /// Deletes some of those that ended before a time, and of those that a disabled webhook has
  /// waited for since then.
  ///
  /// @return how many
  int deleteOld(Duration age, int most) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                delete from tracker.webhook_delivery where id = any(array(
                  select id from tracker.webhook_delivery
                  where state <> 'PENDING' and finished_at < now() - make_interval(secs => :age)
                    or state = 'PENDING' and created_at < now() - make_interval(secs => :age)
                      and webhook_id in (select id from tracker.webhook where status <> 'ACTIVE')
                  limit :most))
                """)
            .bind("age", (double) age.toSeconds())
            .bind("most", most)
            .execute());
  }

  static String json(@Nullable Object value) {
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a webhook's data did not become JSON", e);
    }
  }

  private static Set<WebhookEvent> events(String json) {
    try {
      return Json.MAPPER.readValue(json, EVENTS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a webhook's stored events are damaged", e);
    }
  }
}

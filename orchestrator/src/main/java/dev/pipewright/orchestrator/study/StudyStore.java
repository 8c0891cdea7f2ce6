package dev.pipewright.orchestrator.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.api.StudyCurves;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.ExpectedRuns;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of studies.
@ApplicationScoped
class StudyStore implements ExpectedRuns {
  private static final String STUDY =
      """
      select number, name, spec::text as spec, lease_seconds, state, version, best,
        best_values::text as best_values, tracked_run_id, created_at, updated_at, ended_at
      from orchestrator.study
      """;
  private static final String TRIAL =
      """
      select study, number, state, origin, params::text as params, told::text as told, rung, bracket,
        asked, left_as, attempt, lost, worker, ask_key, lease_until, message, tracked_run_id, created_at,
        started_at, ended_at
      from orchestrator.trial
      """;

  static final TypeReference<LinkedHashMap<String, Object>> VALUES = new TypeReference<>() {};

  private final Db db;

  StudyStore(Db db) {
    this.db = db;
  }

  record StudyRow(
      long number,
      String name,
      String spec,
      long leaseSeconds,
      StudyState state,
      long version,
      @Nullable Integer best,
      @Nullable String bestValues,
      @Nullable String trackedRunId,
      Instant createdAt,
      Instant updatedAt,
      @Nullable Instant endedAt) {
    JsonNode json() {
      return read(spec, new TypeReference<>() {});
    }

    Duration lease() {
      return Duration.ofSeconds(leaseSeconds);
    }

    List<Double> values() {
      return bestValues == null ? List.of() : read(bestValues, new TypeReference<>() {});
    }
  }

  record TrialRow(
      long study,
      int number,
      TrialState state,
      TrialRecord.Origin origin,
      String params,
      @Nullable String told,
      int rung,
      int bracket,
      int asked,
      int leftAs,
      int attempt,
      int lost,
      @Nullable String worker,
      @Nullable String askKey,
      @Nullable Instant leaseUntil,
      @Nullable String message,
      @Nullable String trackedRunId,
      Instant createdAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt) {
    Map<String, JsonNode> json() {
      return read(params, new TypeReference<LinkedHashMap<String, JsonNode>>() {});
    }

    List<Double> values() {
      return told == null ? List.of() : read(told, new TypeReference<>() {});
    }

    TrialRecord trialRecord(SortedMap<Long, Double> reports) {
      return new TrialRecord(
          number,
          state,
          origin,
          read(params, VALUES),
          values(),
          reports,
          rung,
          bracket,
          asked,
          leftAs);
    }
  }

  /// Who has a trial and since when; what the library does not know of it.
  ///
  /// @param attempt how often it was handed out
  /// @param lost how often nothing was heard of its worker any more
  record Holding(
      int attempt,
      int lost,
      @Nullable String worker,
      @Nullable String key,
      @Nullable Instant leaseUntil,
      @Nullable String message) {
    /// Nobody has had it yet.
    static final Holding NONE = new Holding(0, 0, null, null, null, null);

    static Holding of(TrialRow row) {
      return new Holding(
          row.attempt, row.lost, row.worker, row.askKey, row.leaseUntil, row.message);
    }

    Holding handedOut(@Nullable String to, @Nullable String forKey, Instant until) {
      return new Holding(attempt + 1, lost, to, forKey, until, null);
    }

    Holding renewed(Instant until) {
      return new Holding(attempt, lost, worker, key, until, message);
    }

    /// Its worker was heard of after all.
    Holding takenUp(Instant until) {
      return new Holding(attempt, lost - 1, worker, key, until, null);
    }

    /// Nobody has it now.
    Holding ended(@Nullable String why) {
      return new Holding(attempt, lost, worker, key, null, why == null ? message : why);
    }

    /// Nobody was heard of any more.
    Holding silent(String why) {
      return new Holding(attempt, lost + 1, worker, key, null, why);
    }
  }

  private static <T> T read(String text, TypeReference<T> type) {
    try {
      return Json.MAPPER.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored study is damaged", e);
    }
  }

  private static String write(Object value) {
    return Json.MAPPER.valueToTree(value).toString();
  }

  // Studies --------------------------------------------------------------------------------------

  /// @return false where there is one of that name
  boolean create(
      Handle tx, String name, JsonNode spec, Duration lease, String trackedRun, Instant now) {
    return tx.createUpdate(
                """
                insert into orchestrator.study
                  (name, spec, lease_seconds, state, tracked_run_id, created_at, updated_at)
                values (:name, cast(:spec as json), :lease, 'RUNNING', :run, :now, :now)
                on conflict do nothing
                """)
            .bind("name", name)
            .bind("spec", spec.toString())
            .bind("lease", lease.toSeconds())
            .bind("run", trackedRun)
            .bind("now", now)
            .execute()
        == 1;
  }

  /// Locks a study, so that one at a time changes it.
  Optional<StudyRow> lock(Handle tx, String name) {
    return tx.createQuery(STUDY + " where name = :name for no key update")
        .bind("name", name)
        .mapTo(StudyRow.class)
        .findOne();
  }

  Optional<StudyRow> find(String name) {
    return db.read(handle ->
        handle
            .createQuery(STUDY + " where name = :name")
            .bind("name", name)
            .mapTo(StudyRow.class)
            .findOne());
  }

  /// Newest first; one more than asked for where there are more.
  List<StudyRow> list(int limit, @Nullable Long before) {
    return db.read(handle ->
        handle
            .createQuery(STUDY + " where number < :before order by number desc limit :limit")
            .bind("before", before == null ? Long.MAX_VALUE : before)
            .bind("limit", limit + 1)
            .mapTo(StudyRow.class)
            .list());
  }

  void delete(Handle tx, long study) {
    tx.createUpdate("delete from orchestrator.study where number = :study")
        .bind("study", study)
        .execute();
  }

  /// Writes what has become of a study.
  ///
  /// @return its new version
  long changed(Handle tx, long study, StudyState state, @Nullable TrialRecord best, Instant now) {
    return tx.createQuery(
            """
            update orchestrator.study set version = version + 1, state = :state, best = :best,
              best_values = cast(:values as jsonb), updated_at = :now,
              ended_at = case when :state = 'RUNNING' then null else coalesce(ended_at, :now) end
            where number = :study returning version
            """)
        .bind("study", study)
        .bind("state", state)
        .bind("best", best == null ? null : best.number())
        .bind("values", best == null ? null : write(best.values()))
        .bind("now", now)
        .mapTo(Long.class)
        .one();
  }

  /// How many trials each of some studies has, by state.
  Map<Long, Map<String, Integer>> counts(List<Long> studies) {
    record Count(long study, String state, int count) {}
    var counts = new HashMap<Long, Map<String, Integer>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select study, state, count(*)::int as count from orchestrator.trial
                    where study = any(:studies) group by study, state
                    """)
                .bindArray("studies", Long.class, studies)
                .mapTo(Count.class)
                .list())
        .forEach(count ->
            counts
                .computeIfAbsent(count.study, _ -> new TreeMap<>())
                .put(count.state, count.count));
    return counts;
  }

  // Trials ---------------------------------------------------------------------------------------

  /// @param trackedRun null for one that was not handed out
  void save(
      Handle tx,
      long study,
      TrialRecord trial,
      Holding holding,
      @Nullable String trackedRun,
      Instant now) {
    tx.createUpdate(
            """
            insert into orchestrator.trial as t
              (study, number, state, origin, params, told, rung, bracket, asked, left_as, attempt,
               lost, worker, ask_key, lease_until, message, tracked_run_id, created_at, started_at,
               ended_at)
            values (:study, :number, :state, :origin, cast(:params as jsonb), cast(:told as jsonb),
              :rung, :bracket, :asked, :left, :attempt, :lost, :worker, :key, :lease,
              :message, :run, :now,
              case when :state = 'RUNNING' then cast(:now as timestamptz) end,
              case when :ended then cast(:now as timestamptz) end)
            on conflict (study, number) do update set state = excluded.state, told = excluded.told,
              rung = excluded.rung, asked = excluded.asked, left_as = excluded.left_as,
              attempt = excluded.attempt, lost = excluded.lost, worker = excluded.worker,
              ask_key = excluded.ask_key, lease_until = excluded.lease_until, message = excluded.message,
              tracked_run_id = coalesce(t.tracked_run_id, excluded.tracked_run_id),
              started_at = coalesce(t.started_at, excluded.started_at), ended_at = excluded.ended_at
            """)
        .bind("study", study)
        .bind("number", trial.number())
        .bind("state", trial.state())
        .bind("origin", trial.origin())
        .bind("params", write(trial.params()))
        .bind("told", trial.values().isEmpty() ? null : write(trial.values()))
        .bind("rung", trial.rung())
        .bind("bracket", trial.bracket())
        .bind("asked", trial.asked())
        .bind("left", trial.left())
        .bind("attempt", holding.attempt)
        .bind("lost", holding.lost)
        .bind("worker", holding.worker)
        .bind("key", holding.key)
        .bind("lease", holding.leaseUntil)
        .bind("message", holding.message)
        .bind("run", trackedRun)
        .bind("ended", trial.state().ended())
        .bind("now", now)
        .execute();
  }

  /// Only has a trial held on to for longer.
  void renew(Handle tx, long study, int trial, Instant until) {
    tx.createUpdate(
            "update orchestrator.trial set lease_until = :until where study = :study and number = :trial")
        .bind("until", until)
        .bind("study", study)
        .bind("trial", trial)
        .execute();
  }

  void report(Handle tx, long study, int trial, long step, double value, Instant now) {
    tx.createUpdate(
            """
            insert into orchestrator.trial_report (study, trial, step, value, at)
            values (:study, :trial, :step, :value, :now)
            on conflict (study, trial, step) do update set value = excluded.value, at = excluded.at
            """)
        .bind("study", study)
        .bind("trial", trial)
        .bind("step", step)
        .bind("value", value)
        .bind("now", now)
        .execute();
  }

  /// All trials of a study with their reports, by number.
  List<TrialRecord> trials(Handle handle, long study) {
    record Report(int trial, long step, double value) {}
    var reports = new HashMap<Integer, SortedMap<Long, Double>>();
    handle
        .createQuery(
            "select trial, step, value from orchestrator.trial_report where study = :study")
        .bind("study", study)
        .mapTo(Report.class)
        .forEach(report ->
            reports
                .computeIfAbsent(report.trial, _ -> new TreeMap<>())
                .put(report.step, report.value));
    var none = new TreeMap<Long, Double>();
    var trials = new ArrayList<TrialRecord>();
    handle
        .createQuery(TRIAL + " where study = :study order by number")
        .bind("study", study)
        .mapTo(TrialRow.class)
        .forEach(row -> trials.add(row.trialRecord(reports.getOrDefault(row.number, none))));
    return trials;
  }

  Optional<TrialRow> trial(Handle handle, long study, int number) {
    return handle
        .createQuery(TRIAL + " where study = :study and number = :number")
        .bind("study", study)
        .bind("number", number)
        .mapTo(TrialRow.class)
        .findOne();
  }

  SortedMap<Long, Double> reports(Handle handle, long study, int trial) {
    record Report(long step, double value) {}
    var reports = new TreeMap<Long, Double>();
    handle
        .createQuery(
            "select step, value from orchestrator.trial_report where study = :study and trial = :trial")
        .bind("study", study)
        .bind("trial", trial)
        .mapTo(Report.class)
        .forEach(report -> reports.put(report.step, report.value));
    return reports;
  }

  /// The reports of all trials that have any, for a picture.
  List<StudyCurves.Curve> curves(long study) {
    return db.read(handle -> trials(handle, study)).stream()
        .filter(trial -> !trial.reports().isEmpty())
        .map(trial -> StudyCurves.Curve.of(trial.number(), trial.reports()))
        .toList();
  }

  /// The trial that a request with this key got.
  Optional<TrialRow> asked(Handle tx, long study, String key) {
    return tx.createQuery(TRIAL + " where study = :study and ask_key = :key")
        .bind("study", study)
        .bind("key", key)
        .mapTo(TrialRow.class)
        .findOne();
  }

  /// Trials that were handed out and have not ended.
  List<TrialRow> open(Handle tx, long study) {
    return tx.createQuery(
            TRIAL
                + """
                 where study = :study and tracked_run_id is not null
                  and state in ('WAITING', 'RUNNING', 'PAUSED')
                order by number
                """)
        .bind("study", study)
        .mapTo(TrialRow.class)
        .list();
  }

  @Override
  public boolean isExpected(String trackedRunId) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select exists (select 1 from orchestrator.trial
                  where state = 'RUNNING' and tracked_run_id = :run)
                """)
            .bind("run", trackedRunId)
            .mapTo(Boolean.class)
            .one());
  }

  /// Trials whose workers were not heard of in time.
  List<TrialRow> silent(Handle tx, long study, Instant now) {
    return tx.createQuery(
            TRIAL
                + " where study = :study and state = 'RUNNING' and lease_until < :now order by number")
        .bind("study", study)
        .bind("now", now)
        .mapTo(TrialRow.class)
        .list();
  }

  /// The names of studies that have such trials.
  List<String> withSilent(Instant now) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select name from orchestrator.study s where exists (
                  select 1 from orchestrator.trial
                  where study = s.number and state = 'RUNNING' and lease_until < :now)
                """)
            .bind("now", now)
            .mapTo(String.class)
            .list());
  }

  /// By number, the newest first; one more than asked for where there are more.
  List<TrialRow> page(long study, int limit, @Nullable Long before, @Nullable TrialState state) {
    return db.read(handle ->
        handle
            .createQuery(
                TRIAL
                    + """
                     where study = :study and number < :before
                      and (cast(:state as text) is null or state = :state)
                    order by number desc limit :limit
                    """)
            .bind("study", study)
            .bind("before", before == null ? Long.MAX_VALUE : before)
            .bind("state", state)
            .bind("limit", limit + 1)
            .mapTo(TrialRow.class)
            .list());
  }
}

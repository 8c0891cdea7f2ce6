package dev.pipewright.tracker.deletion;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of deleting for good. What a version of a registered model was made of stays: the
/// version would be of no use without it.
@ApplicationScoped
class DeletionStore {
  /// Every directory that files of a version are in or below. They may be all that the version has
  /// in common with a run: a client can register any address.
  private static final String VERSION_DIRECTORIES =
      """
      select v.name || ', version ' || v.version as version,
        array_to_string(trim_array(v.parts, dropped), '/') as directory
      from (
        select name, version,
          string_to_array(tracker.artifact_root(coalesce(storage_location, source)), '/') as parts
        from tracker.model_version) v, generate_series(0, cardinality(v.parts) - 1) as dropped
      """;

  /// What versions are made of, as lists to join with: asked run by run, it takes half a minute for
  /// ten thousand versions. A version names a model or has its files below one's.
  private static final String MODELS_IN_USE =
      """
      select model_id as id from tracker.model_version where model_id is not null
      union all
      select m.id from tracker.logged_model m
      join (%s) d on d.directory = tracker.artifact_root(m.artifact_uri)
      """
          .formatted(VERSION_DIRECTORIES);

  /// A version names its run or one of its models, or has its files below one's. Only of deleted
  /// runs is it asked.
  private static final String RUNS_IN_USE =
      """
      select run_id as id from tracker.model_version where run_id is not null
      union all
      select r.id from tracker.run r
      join (%s) d on d.directory = tracker.artifact_root(r.artifact_uri)
      where r.deleted_at is not null
      union all
      select m.run_id from tracker.logged_model m join model_in_use u on u.id = m.id
      where m.run_id is not null
      """
          .formatted(VERSION_DIRECTORIES);

  private static final String IN_USE =
      """
      with model_in_use as materialized (%s), run_in_use as materialized (%s)
      """
          .formatted(MODELS_IN_USE, RUNS_IN_USE);

  private final Db db;

  DeletionStore(Db db) {
    this.db = db;
  }

  static DeletionStore on(Db db) {
    return new DeletionStore(db);
  }

  record Target(long number, boolean deleted) {}

  static Optional<Target> run(Handle tx, String id) {
    return tx.createQuery(
            "select number, deleted_at is not null as deleted from tracker.run where id = :id")
        .bind("id", id)
        .mapTo(Target.class)
        .findOne();
  }

  static Optional<Target> experiment(Handle tx, long id) {
    return tx.createQuery(
            "select id as number, deleted_at is not null as deleted from tracker.experiment where id = :id")
        .bind("id", id)
        .mapTo(Target.class)
        .findOne();
  }

  /// A registered model's version that a run cannot be deleted for, as `name, version 3`.
  ///
  /// @param experiment of any of whose runs, where `run` is null
  static Optional<String> neededBy(Handle tx, @Nullable String run, @Nullable Long experiment) {
    return tx.createQuery(
            """
            with owner as (
              select id as run, null as model, tracker.artifact_root(artifact_uri) as root
              from tracker.run
              where id = cast(:run as text) or experiment_id = cast(:experiment as bigint)
              union all
              select null, id, tracker.artifact_root(artifact_uri) from tracker.logged_model
              where run_id = cast(:run as text) or experiment_id = cast(:experiment as bigint))
            select name || ', version ' || version from tracker.model_version
            where run_id in (select run from owner) or model_id in (select model from owner)
            union all
            select version from (%s) d where directory in (select root from owner)
            limit 1
            """
                .formatted(VERSION_DIRECTORIES))
        .bind("run", run)
        .bind("experiment", experiment)
        .mapTo(String.class)
        .findFirst();
  }

  /// Runs that were deleted so long ago and that nothing needs.
  List<String> expiredRuns(Duration age, int most) {
    return ids(
        """
        select r.id from tracker.run r
        where r.deleted_at <= now() - make_interval(secs => :age)
          and not exists (select from run_in_use u where u.id = r.id)
        order by r.deleted_at limit :most
        """,
        age,
        most);
  }

  List<String> expiredModels(Duration age, int most) {
    return ids(
        """
        select m.id from tracker.logged_model m
        where m.deleted_at <= now() - make_interval(secs => :age)
          and not exists (select from model_in_use u where u.id = m.id)
        order by m.deleted_at limit :most
        """,
        age,
        most);
  }

  /// Experiments that were deleted so long ago and that have nothing any more that something needs.
  List<String> expiredExperiments(Duration age, int most) {
    return ids(
        """
        select e.id::text from tracker.experiment e
        where e.deleted_at <= now() - make_interval(secs => :age) and e.id <> 0
          and not exists (select from tracker.run r where r.experiment_id = e.id
            and (r.deleted_at is null or r.deleted_at > now() - make_interval(secs => :age)))
          and not exists (select from tracker.run r join run_in_use u on u.id = r.id
            where r.experiment_id = e.id)
          and not exists (select from tracker.logged_model m join model_in_use u on u.id = m.id
            where m.experiment_id = e.id)
        order by e.id limit :most
        """,
        age,
        most);
  }

  private List<String> ids(String sql, Duration age, int most) {
    return db.read(handle ->
        handle
            .createQuery(IN_USE + sql)
            .bind("age", (double) age.toSeconds())
            .bind("most", most)
            .mapTo(String.class)
            .list());
  }

  List<String> runsOf(long experiment, int most) {
    return db.read(handle ->
        handle
            .createQuery("select id from tracker.run where experiment_id = :id limit :most")
            .bind("id", experiment)
            .bind("most", most)
            .mapTo(String.class)
            .list());
  }

  List<String> modelsOf(long experiment, int most) {
    return db.read(handle ->
        handle
            .createQuery(
                "select id from tracker.logged_model where experiment_id = :id limit :most")
            .bind("id", experiment)
            .bind("most", most)
            .mapTo(String.class)
            .list());
  }

  /// Deletes runs and all they have, the models that they logged included.
  static void deleteRuns(Handle tx, Collection<String> ids) {
    var models =
        tx.createQuery("select id from tracker.logged_model where run_id = any(:ids)")
            .bindArray("ids", String.class, ids)
            .mapTo(String.class)
            .list();
    deleteModels(tx, models);
    deleteFiles(tx, "tracker.run", ids);
    for (var sql :
        List.of(
            "delete from tracker.run_source where run_id = any(:ids)",
            // Params, tags, metrics, log lines and uses of datasets go with their run.
            "delete from tracker.run where id = any(:ids)")) {
      tx.createUpdate(sql).bindArray("ids", String.class, ids).execute();
    }
  }

  static void deleteModels(Handle tx, Collection<String> ids) {
    if (ids.isEmpty()) {
      return;
    }
    deleteFiles(tx, "tracker.logged_model", ids);
    for (var sql :
        List.of(
            "delete from tracker.model_metric where model_id = any(:ids)",
            "delete from tracker.run_model where model_id = any(:ids)",
            "delete from tracker.logged_model where id = any(:ids)")) {
      tx.createUpdate(sql).bindArray("ids", String.class, ids).execute();
    }
  }

  /// Their blobs are deleted later, unless something else refers to them.
  private static void deleteFiles(Handle tx, String owners, Collection<String> ids) {
    tx.createUpdate(
            """
            delete from tracker.artifact a using (
              select tracker.artifact_root(artifact_uri) as root from %s where id = any(:ids)) o
            where o.root <> '' and a.path >= o.root || '/' and a.path < o.root || '0'
            """
                .formatted(owners))
        .bindArray("ids", String.class, ids)
        .execute();
  }

  static void deleteExperiment(Handle tx, long id) {
    tx.createUpdate("delete from tracker.experiment where id = :id").bind("id", id).execute();
  }
}

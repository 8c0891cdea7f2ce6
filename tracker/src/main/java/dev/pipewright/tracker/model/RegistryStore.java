package dev.pipewright.tracker.model;

import dev.pipewright.tracker.Pairs;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// All SQL of the registry as clients make and change it: registered models, their versions and
/// aliases.
@ApplicationScoped
public class RegistryStore {
  public record ModelRow(
      String name,
      @Nullable String description,
      Map<String, String> tags,
      Instant createdAt,
      Instant updatedAt) {}

  /// @param source what the version was made from, as its maker said
  /// @param storageLocation where its files are
  public record VersionRow(
      String name,
      int version,
      String source,
      String storageLocation,
      @Nullable String runId,
      @Nullable String runLink,
      @Nullable String modelId,
      @Nullable String description,
      @Nullable String userId,
      String stage,
      String status,
      @Nullable String statusMessage,
      Map<String, String> tags,
      Instant createdAt,
      Instant updatedAt) {}

  public record Alias(String name, String alias, int version) {}

  // Registered models ----------------------------------------------------------------------------

  /// False when the name is taken.
  public boolean create(
      Handle tx, String name, @Nullable String description, Map<String, String> tags) {
    return tx.createUpdate(
                """
                insert into tracker.registered_model (name, description, tags)
                values (:name, :description, :tags::jsonb) on conflict do nothing
                """)
            .bind("name", name)
            .bind("description", description)
            .bind("tags", Pairs.json(tags))
            .execute()
        > 0;
  }

  public Optional<ModelRow> find(Handle handle, String name) {
    return models(handle, List.of(name)).stream().findFirst();
  }

  /// Locks the model, so that changes of one name follow each other.
  public Optional<ModelRow> lock(Handle tx, String name) {
    var found =
        tx.createQuery("select 1 from tracker.registered_model where name = :name for update")
            .bind("name", name)
            .mapTo(Integer.class)
            .findOne();
    return found.isEmpty() ? Optional.empty() : find(tx, name);
  }

  private record RawModel(
      String name,
      @Nullable String description,
      String tags,
      Instant createdAt,
      Instant updatedAt) {}

  /// In the order of the names; those that do not exist are left out.
  public List<ModelRow> models(Handle handle, List<String> names) {
    return handle
        .createQuery(
            """
            select name, description, tags::text as tags, created_at, updated_at
            from tracker.registered_model
            join unnest(:names) with ordinality as asked (name, place) using (name) order by place
            """)
        .bindArray("names", String.class, names)
        .mapTo(RawModel.class)
        .map(row ->
            new ModelRow(
                row.name, row.description, Pairs.of(row.tags), row.createdAt, row.updatedAt))
        .list();
  }

  public void describe(Handle tx, String name, @Nullable String description) {
    tx.createUpdate(
            """
            update tracker.registered_model set description = :description, updated_at = now()
            where name = :name
            """)
        .bind("name", name)
        .bind("description", description)
        .execute();
  }

  /// The versions' and aliases' names follow.
  public void rename(Handle tx, String name, String newName) {
    tx.createUpdate(
            "update tracker.registered_model set name = :new, updated_at = now() where name = :name")
        .bind("name", name)
        .bind("new", newName)
        .execute();
    tx.createUpdate("update tracker.model_version set updated_at = now() where name = :name")
        .bind("name", newName)
        .execute();
  }

  public void delete(Handle tx, String name) {
    tx.createUpdate("delete from tracker.registered_model where name = :name")
        .bind("name", name)
        .execute();
  }

  public void tag(Handle tx, String name, String key, String value) {
    tx.createUpdate(
            """
            update tracker.registered_model set updated_at = now(),
              tags = tags || jsonb_build_object(cast(:key as text), cast(:value as text))
            where name = :name
            """)
        .bind("name", name)
        .bind("key", key)
        .bind("value", value)
        .execute();
  }

  public void untag(Handle tx, String name, String key) {
    tx.createUpdate(
            "update tracker.registered_model set tags = tags - :key, updated_at = now() where name = :name")
        .bind("name", name)
        .bind("key", key)
        .execute();
  }

  private static void touch(Handle tx, String name) {
    tx.createUpdate("update tracker.registered_model set updated_at = now() where name = :name")
        .bind("name", name)
        .execute();
  }

  // Versions -------------------------------------------------------------------------------------

  /// What a client says of a version that it makes.
  public record NewVersion(
      String name,
      String source,
      String storageLocation,
      @Nullable String runId,
      @Nullable String runLink,
      @Nullable String modelId,
      @Nullable String description,
      Map<String, String> tags) {}

  /// The model must be there.
  public int createVersion(Handle tx, NewVersion version) {
    int number =
        tx.createQuery(
                """
                update tracker.registered_model
                set last_version = last_version + 1, updated_at = now()
                where name = :name returning last_version
                """)
            .bind("name", version.name)
            .mapTo(Integer.class)
            .one();
    tx.createUpdate(
            """
            insert into tracker.model_version
              (name, version, source, storage_location, run_id, run_link, model_id, description, tags)
            values (:name, :version, :source, :storageLocation, :runId, :runLink, :modelId,
              :description, :tagsJson::jsonb)
            """)
        .bindMethods(version)
        .bind("version", number)
        .bind("tagsJson", Pairs.json(version.tags))
        .execute();
    return number;
  }

  private record RawVersion(
      String name,
      int version,
      String source,
      @Nullable String storageLocation,
      @Nullable String runId,
      @Nullable String runLink,
      @Nullable String modelId,
      @Nullable String description,
      @Nullable String userId,
      String stage,
      String status,
      @Nullable String statusMessage,
      String tags,
      Instant createdAt,
      Instant updatedAt) {
    VersionRow row() {
      return new VersionRow(
          name,
          version,
          source,
          storageLocation == null ? source : storageLocation,
          runId,
          runLink,
          modelId,
          description,
          userId,
          stage,
          status,
          statusMessage,
          Pairs.of(tags),
          createdAt,
          updatedAt);
    }
  }

  private static final String VERSION_COLUMNS =
      """
      v.name, v.version, v.source, v.storage_location, v.run_id, v.run_link, v.model_id, v.description,
      v.user_id, v.stage, v.status, v.status_message, v.tags::text as tags, v.created_at, v.updated_at
      """;

  public Optional<VersionRow> version(Handle handle, String name, int version) {
    return handle
        .createQuery(
            "select "
                + VERSION_COLUMNS
                + " from tracker.model_version v where name = :name and version = :version")
        .bind("name", name)
        .bind("version", version)
        .mapTo(RawVersion.class)
        .map(RawVersion::row)
        .findOne();
  }

  /// A version's place in a search's answer.
  public record VersionKey(String name, int version) {}

  /// In the order of the keys; those that do not exist are left out.
  public List<VersionRow> versions(Handle handle, List<VersionKey> keys) {
    return handle
        .createQuery(
            "select "
                + VERSION_COLUMNS
                + """
                 from tracker.model_version v
                join unnest(:names, :versions) with ordinality as asked (name, version, place)
                  using (name, version) order by place
                """)
        .bindArray("names", String.class, keys.stream().map(VersionKey::name).toList())
        .bindArray("versions", Integer.class, keys.stream().map(VersionKey::version).toList())
        .mapTo(RawVersion.class)
        .map(RawVersion::row)
        .list();
  }

  /// The newest version of each stage of each model.
  public Map<String, List<VersionRow>> latest(Handle handle, Collection<String> names) {
    var found = new HashMap<String, List<VersionRow>>();
    handle
        .createQuery(
            "select distinct on (v.name, v.stage) "
                + VERSION_COLUMNS
                + " from tracker.model_version v where v.name = any(:names)"
                + " order by v.name, v.stage, v.version desc")
        .bindArray("names", String.class, names)
        .mapTo(RawVersion.class)
        .map(RawVersion::row)
        .forEach(row -> found.computeIfAbsent(row.name, name -> new ArrayList<>()).add(row));
    return found;
  }

  public void describeVersion(Handle tx, String name, int version, @Nullable String description) {
    tx.createUpdate(
            """
            update tracker.model_version set description = :description, updated_at = now()
            where name = :name and version = :version
            """)
        .bind("name", name)
        .bind("version", version)
        .bind("description", description)
        .execute();
  }

  /// @param archiveOthers whether the other versions of the stage are archived
  public void transition(Handle tx, String name, int version, String stage, boolean archiveOthers) {
    if (archiveOthers) {
      tx.createUpdate(
              """
              update tracker.model_version set stage = 'Archived', updated_at = now()
              where name = :name and version <> :version and stage = :stage
              """)
          .bind("name", name)
          .bind("version", version)
          .bind("stage", stage)
          .execute();
    }
    tx.createUpdate(
            """
            update tracker.model_version set stage = :stage, updated_at = now()
            where name = :name and version = :version
            """)
        .bind("name", name)
        .bind("version", version)
        .bind("stage", stage)
        .execute();
    touch(tx, name);
  }

  /// Its aliases go with it.
  public void deleteVersion(Handle tx, String name, int version) {
    tx.createUpdate("delete from tracker.model_version where name = :name and version = :version")
        .bind("name", name)
        .bind("version", version)
        .execute();
    touch(tx, name);
  }

  public void tagVersion(Handle tx, String name, int version, String key, String value) {
    tx.createUpdate(
            """
            update tracker.model_version set updated_at = now(),
              tags = tags || jsonb_build_object(cast(:key as text), cast(:value as text))
            where name = :name and version = :version
            """)
        .bind("name", name)
        .bind("version", version)
        .bind("key", key)
        .bind("value", value)
        .execute();
  }

  public void untagVersion(Handle tx, String name, int version, String key) {
    tx.createUpdate(
            """
            update tracker.model_version set tags = tags - :key, updated_at = now()
            where name = :name and version = :version
            """)
        .bind("name", name)
        .bind("version", version)
        .bind("key", key)
        .execute();
  }

  // Aliases --------------------------------------------------------------------------------------

  /// Takes the alias from the version that has it.
  public void setAlias(Handle tx, String name, String alias, int version) {
    tx.createUpdate(
            """
            insert into tracker.model_alias (name, alias, version) values (:name, :alias, :version)
            on conflict (name, alias) do update set version = excluded.version
            """)
        .bind("name", name)
        .bind("alias", alias)
        .bind("version", version)
        .execute();
  }

  public Optional<Integer> deleteAlias(Handle tx, String name, String alias) {
    return tx.createQuery(
            "delete from tracker.model_alias where name = :name and alias = :alias returning version")
        .bind("name", name)
        .bind("alias", alias)
        .mapTo(Integer.class)
        .findOne();
  }

  public Optional<Integer> alias(Handle handle, String name, String alias) {
    return handle
        .createQuery(
            "select version from tracker.model_alias where name = :name and alias = :alias")
        .bind("name", name)
        .bind("alias", alias)
        .mapTo(Integer.class)
        .findOne();
  }

  public Map<String, List<Alias>> aliases(Handle handle, Collection<String> names) {
    var found = new HashMap<String, List<Alias>>();
    handle
        .createQuery(
            """
            select name, alias, version from tracker.model_alias where name = any(:names)
            order by name, alias
            """)
        .bindArray("names", String.class, names)
        .mapTo(Alias.class)
        .forEach(row -> found.computeIfAbsent(row.name, name -> new ArrayList<>()).add(row));
    return found;
  }
}

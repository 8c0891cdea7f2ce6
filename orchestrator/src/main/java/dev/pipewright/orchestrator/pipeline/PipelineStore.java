package dev.pipewright.orchestrator.pipeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineLookup;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.pool.PoolStore;
import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Pipelines and versions in the database. Versions never change, so those that are used are kept
/// in memory as they were parsed.
@ApplicationScoped
public class PipelineStore implements PanacheRepositoryBase<PipelineRow, String>, PipelineVersions {
  private static final TypeReference<List<DataRef.FileRef>> FILES = new TypeReference<>() {};
  private static final TypeReference<Map<String, Integer>> PINS = new TypeReference<>() {};
  private static final int MOST_NAMES = 1000;

  private final EntityManager entities;
  private final PoolStore pools;
  private final ParsedVersions parsed = new ParsedVersions(ParsedVersions.MOST_TASKS);

  PipelineStore(EntityManager entities, PoolStore pools) {
    this.entities = entities;
    this.pools = pools;
  }

  /// A version as it was stored, parsed.
  ///
  /// @param signature what those who call it see
  public record StoredVersion(
      String pipeline,
      int version,
      String digest,
      String source,
      PipelineSpec spec,
      PipelineLookup.Signature signature,
      List<DataRef.FileRef> files,
      Instant createdAt) {}

  /// What applying came to.
  record Applied(StoredVersion version, boolean created) {}

  /// What a document may call. A call without a version means the latest there is, or the one that
  /// is pinned; which ones that were is remembered.
  final class Calls implements PipelineLookup {
    private final Map<String, Integer> pins;
    private final @Nullable Map<String, Integer> pools;

    /// @param pools null for a stored version, which stays what it is when a pool goes
    private Calls(Map<String, Integer> pins, @Nullable Map<String, Integer> pools) {
      this.pins = new TreeMap<>(pins);
      this.pools = pools;
    }

    @Override
    public @Nullable Map<String, Integer> pools() {
      return pools;
    }

    @Override
    public Optional<Signature> find(String name, @Nullable Integer version) {
      return PipelineStore.this
          .versionIfAny(name, version == null ? pins.get(name) : version)
          .map(found -> {
            if (version == null) {
              pins.put(name, found.version());
            }
            return found.signature();
          });
    }

    @Override
    public List<String> names() {
      return PipelineStore.this.names();
    }
  }

  /// For a document that is about to be applied.
  Calls calls() {
    return new Calls(Map.of(), pools.slots());
  }

  @Transactional
  Optional<StoredVersion> versionIfAny(String pipeline, @Nullable Integer version) {
    var row = findById(pipeline);
    return row == null || (version != null && (version < 1 || version > row.latestVersion))
        ? Optional.empty()
        : Optional.of(version(pipeline, version));
  }

  @Transactional
  List<String> names() {
    return find("order by number desc").page(0, MOST_NAMES).stream().map(row -> row.name).toList();
  }

  /// Stores a checked document as the next version, unless it is the latest one already: the same
  /// text, files and called versions.
  ///
  /// @param calls what it was checked with
  @Transactional
  Applied apply(
      PipelineSpec spec, String source, List<DataRef.FileRef> files, Calls calls, Instant now) {
    var sorted = files.stream().sorted(Comparator.comparing(DataRef.FileRef::path)).toList();
    var digest =
        Digests.of(
            Digests.of(source)
                + "\n"
                + json(sorted)
                + (calls.pins.isEmpty() ? "" : "\n" + json(calls.pins)));
    // Creates the row or waits for whoever creates it, and holds it until the end.
    entities
        .createNativeQuery(
            """
            insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)
            values (:name, 0, :now, :now) on conflict (name) do update set name = excluded.name
            """)
        .setParameter("name", spec.name())
        .setParameter("now", now)
        .executeUpdate();
    var pipeline = findById(spec.name(), LockModeType.PESSIMISTIC_WRITE);
    pipeline.pools =
        json(
            spec.tasks().values().stream()
                .flatMap(task -> task.pools().keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new)));
    if (pipeline.latestVersion > 0) {
      var latest = version(pipeline.name, pipeline.latestVersion);
      if (latest.digest.equals(digest)) {
        return new Applied(latest, false);
      }
    }
    pipeline.latestVersion++;
    pipeline.description = spec.description();
    pipeline.updatedAt = now;
    var row = new PipelineVersionRow();
    row.key = new PipelineVersionRow.Key(pipeline.name, pipeline.latestVersion);
    row.digest = digest;
    row.source = source;
    row.files = json(sorted);
    row.pins = json(calls.pins);
    row.createdAt = now;
    entities.persist(row);
    return new Applied(stored(row), true);
  }

  /// Versions never change, so one that is known needs no look at the database.
  @Override
  public StoredVersion version(String pipeline, @Nullable Integer version) {
    var known = version == null ? null : parsed.get(new PipelineVersionRow.Key(pipeline, version));
    return known == null ? read(pipeline, version) : known;
  }

  @Transactional
  StoredVersion read(String pipeline, @Nullable Integer version) {
    int wanted = version == null ? get(pipeline).latestVersion : version;
    var key = new PipelineVersionRow.Key(pipeline, wanted);
    var known = parsed.get(key);
    if (known != null) {
      return known;
    }
    var row = entities.find(PipelineVersionRow.class, key);
    if (row == null) {
      get(pipeline);
      throw new ProblemException(
          ProblemCode.PIPELINE_NOT_FOUND,
          "Pipeline '" + pipeline + "' has no version " + wanted + ".",
          "List its versions with GET /api/v1/pipelines/" + pipeline + "/versions.");
    }
    var stored = stored(row);
    parsed.put(key, stored);
    return stored;
  }

  @Transactional
  PipelineRow get(String name) {
    return Optional.ofNullable(findById(name))
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.PIPELINE_NOT_FOUND, "There is no pipeline '" + name + "'."));
  }

  /// Newest first; one more than asked for where there are more.
  @Transactional
  List<PipelineRow> list(int limit, @Nullable Long before) {
    return find("number < ?1", Sort.descending("number"), before == null ? Long.MAX_VALUE : before)
        .page(0, limit + 1)
        .list();
  }

  /// Newest first; one more than asked for where there are more.
  @Transactional
  List<StoredVersion> versions(String pipeline, int limit, @Nullable Long before) {
    int latest = get(pipeline).latestVersion;
    int from = before == null ? latest : (int) Math.min(latest, before - 1);
    return IntStream.iterate(from, version -> version > 0, version -> version - 1)
        .limit(limit + 1L)
        .mapToObj(version -> version(pipeline, version))
        .toList();
  }

  private StoredVersion stored(PipelineVersionRow row) {
    var calls = new Calls(read(row.pins, PINS), null);
    var spec = PipelineLanguage.require(row.source, calls);
    return new StoredVersion(
        row.key.pipeline(),
        row.key.version(),
        row.digest,
        row.source,
        spec,
        PipelineLookup.Signature.of(spec, row.key.version(), calls),
        read(row.files, FILES),
        row.createdAt);
  }

  private static String json(Object value) {
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record did not become JSON", e);
    }
  }

  private static <T> T read(String json, TypeReference<T> type) {
    try {
      return Json.MAPPER.readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored pipeline version is damaged", e);
    }
  }
}

package dev.pipewright.orchestrator.pipeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Pipelines and versions in the database. Versions never change, so their parsed form is kept in
/// memory.
@ApplicationScoped
public class PipelineStore implements PanacheRepositoryBase<PipelineRow, String> {
  private static final TypeReference<List<DataRef.FileRef>> FILES = new TypeReference<>() {};

  private final EntityManager entities;
  private final Map<PipelineVersionRow.Key, StoredVersion> parsed = new ConcurrentHashMap<>();

  PipelineStore(EntityManager entities) {
    this.entities = entities;
  }

  /// A version as it was stored, parsed.
  public record StoredVersion(
      String pipeline,
      int version,
      String digest,
      String source,
      PipelineSpec spec,
      List<DataRef.FileRef> files,
      Instant createdAt) {}

  /// What applying came to.
  record Applied(StoredVersion version, boolean created) {}

  /// Stores a checked document as the next version, unless it is the latest one already.
  @Transactional
  Applied apply(PipelineSpec spec, String source, List<DataRef.FileRef> files, Instant now) {
    var sorted = files.stream().sorted(Comparator.comparing(DataRef.FileRef::path)).toList();
    var digest = Digests.of(Digests.of(source) + "\n" + json(sorted));
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
    row.createdAt = now;
    entities.persist(row);
    return new Applied(stored(row), true);
  }

  /// @param version null for the latest
  /// @throws ProblemException PIPELINE_NOT_FOUND
  @Transactional
  public StoredVersion version(String pipeline, @Nullable Integer version) {
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

  private static StoredVersion stored(PipelineVersionRow row) {
    return new StoredVersion(
        row.key.pipeline(),
        row.key.version(),
        row.digest,
        row.source,
        PipelineLanguage.require(row.source),
        files(row.files),
        row.createdAt);
  }

  private static String json(Object value) {
    try {
      return Json.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record did not become JSON", e);
    }
  }

  private static List<DataRef.FileRef> files(String json) {
    try {
      return Json.MAPPER.readValue(json, FILES);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored list of files is damaged", e);
    }
  }
}

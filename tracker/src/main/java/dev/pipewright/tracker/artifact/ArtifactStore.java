package dev.pipewright.tracker.artifact;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.contract.api.Artifact;
import dev.pipewright.contract.api.LogPage;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.tracking.v1.ArtifactLogged;
import dev.pipewright.contract.tracking.v1.LogLine;
import dev.pipewright.contract.tracking.v1.LogLines;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/// All SQL of files by path, and of log lines.
@ApplicationScoped
public class ArtifactStore {
  private static final String SELECT =
      "select path, size, digest, media_type, created_at from tracker.artifact ";
  private static final String PUT =
      "insert into tracker.artifact (path, digest, size, media_type, created_at) ";
  private static final String REPLACE =
      """

      on conflict (path) do update set
        digest = excluded.digest, size = excluded.size,
        media_type = excluded.media_type, created_at = excluded.created_at
      """;

  /// The character after '/' in the order of the index.
  private static final String AFTER_SLASH = "0";

  private static final long CHUNK_BYTES = 128 * 1024;
  private static final long PAGE_BYTES = 4 * 1024 * 1024;

  private final Db db;

  ArtifactStore(Db db) {
    this.db = db;
  }

  public static ArtifactStore on(Db db) {
    return new ArtifactStore(db);
  }

  /// A file at its path; one that is put again takes the new content.
  ///
  /// @param path as [ArtifactPath] allows it
  public static void put(
      Handle tx, String path, String digest, long size, String mediaType, Instant at) {
    tx.createUpdate(PUT + "values (:path, :digest, :size, :mediaType, :at)" + REPLACE)
        .bind("path", path)
        .bind("digest", digest)
        .bind("size", size)
        .bind("mediaType", mediaType)
        .bind("at", at)
        .execute();
  }

  public void put(String path, String digest, long size, String mediaType, Instant at) {
    db.useTransaction(tx -> put(tx, path, digest, size, mediaType, at));
  }

  /// A file that a task logged, below its run's location.
  public void artifact(Handle tx, String runId, Instant at, ArtifactLogged artifact) {
    tx.createUpdate(
            PUT
                + """
                select tracker.artifact_root(artifact_uri) || '/' || :path, :digest, :size, :mediaType, :at
                from tracker.run where id = :run
                """
                + REPLACE)
        .bind("run", runId)
        .bind("path", artifact.getPath())
        .bind("digest", artifact.getDigest())
        .bind("size", artifact.getSize())
        .bind("mediaType", artifact.getMediaType())
        .bind("at", at)
        .execute();
  }

  public Optional<Artifact> find(String path) {
    return db.read(handle ->
        handle
            .createQuery(SELECT + "where path = :path")
            .bind("path", path)
            .mapTo(Artifact.class)
            .findOne());
  }

  /// What a directory holds: a file, or a directory with a file somewhere below.
  ///
  /// @param name within the directory
  /// @param size null for a directory
  public record Child(String name, boolean directory, @Nullable Long size) {}

  /// The children of a directory by name, at most so many. Steps over what lies within each child,
  /// so that it costs as much as there are children, not files.
  ///
  /// @param directory empty for all
  /// @param after the last child of the page before; null from the first
  public List<Child> list(String directory, int limit, @Nullable Child after) {
    var prefix = directory.isEmpty() ? "" : directory + "/";
    return db.read(handle ->
        handle
            .createQuery(
                """
                with recursive child (path, size, slash) as (
                  (select path, size, strpos(substr(path, :length + 1), '/')
                    from tracker.artifact
                    where path >= :from and (:until = '' or path < :until) order by path limit 1)
                  union all
                  select next.* from child, lateral (
                    select path, size, strpos(substr(path, :length + 1), '/')
                    from tracker.artifact
                    where path >= (case when child.slash > 0
                        then left(child.path, :length + child.slash - 1) || '0'
                        else child.path || chr(1) end) collate "C"
                      and (:until = '' or path < :until)
                    order by path limit 1) next)
                select
                  case when slash > 0 then substr(path, :length + 1, slash - 1)
                    else substr(path, :length + 1) end as name,
                  slash > 0 as directory, case when slash = 0 then size end as size
                from child limit :limit
                """)
            .bind("length", prefix.codePointCount(0, prefix.length()))
            .bind("from", after == null ? prefix : prefix + after.name + past(after.directory))
            .bind("until", directory.isEmpty() ? "" : directory + AFTER_SLASH)
            .bind("limit", limit)
            .mapTo(Child.class)
            .list());
  }

  /// What comes right after a child and all below it.
  private static String past(boolean directory) {
    return directory ? AFTER_SLASH : "\u0001";
  }

  /// Deletes a file, or all files below a directory.
  ///
  /// @return how many
  public int delete(String path) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                delete from tracker.artifact
                where path = :path or path >= :path || '/' and path < :path || '0'
                """)
            .bind("path", path)
            .execute());
  }

  /// Gives a file, or all files below a directory, another path too. The content is not copied.
  ///
  /// @return how many
  public int copy(String from, String to) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                insert into tracker.artifact (path, digest, size, media_type, created_at)
                select :to || substr(path, length(:from) + 1), digest, size, media_type, created_at
                from tracker.artifact
                where path = :from or path >= :from || '/' and path < :from || '0'
                for share
                """
                    + REPLACE)
            .bind("from", from)
            .bind("to", to)
            .execute());
  }

  public void logLines(Handle tx, String runId, List<LogLine> lines) {
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.log_chunk (run_id, first_line, last_line, data)
            values (:run, :first, :last, :data) on conflict do nothing
            """);
    var chunk = LogLines.newBuilder();
    long bytes = 0;
    for (var line : lines) {
      chunk.addLines(line);
      bytes += line.getSerializedSize();
      // Small chunks, so that a page of lines reads little more than it shows.
      if (bytes >= CHUNK_BYTES) {
        add(batch, runId, chunk);
        chunk.clear();
        bytes = 0;
      }
    }
    if (chunk.getLinesCount() > 0) {
      add(batch, runId, chunk);
    }
    batch.execute();
  }

  private static void add(PreparedBatch batch, String runId, LogLines.Builder chunk) {
    batch
        .bind("run", runId)
        .bind("first", chunk.getLines(0).getNumber())
        .bind("last", chunk.getLines(chunk.getLinesCount() - 1).getNumber())
        .bind("data", chunk.build().toByteArray())
        .add();
  }

  /// Where a logged model's files are, as an address.
  public Optional<String> locationOfModel(String modelId) {
    return db.read(handle ->
        handle
            .createQuery(
                "select artifact_uri from tracker.logged_model where id = :id and deleted_at is null")
            .bind("id", modelId)
            .mapTo(String.class)
            .findOne());
  }

  /// Where the files of a version of a registered model are, as an address.
  public Optional<String> locationOfModelVersion(String name, int version) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select coalesce(storage_location, source) from tracker.model_version
                where name = :name and version = :version
                """)
            .bind("name", name)
            .bind("version", version)
            .mapTo(String.class)
            .findOne());
  }

  /// The files of a run by path, which is the path below the run's location.
  Page<Artifact> artifacts(String runId, int limit, @Nullable String after) {
    return Paging.page(
        db.read(handle -> {
          var root = root(handle, runId);
          return handle
              .createQuery(
                  """
                  select substr(path, length(:root) + 2) as path, size, digest, media_type, created_at
                  from tracker.artifact
                  where path > :root || '/' || :after and path < :root || '0'
                  order by tracker.artifact.path limit :limit
                  """)
              .bind("root", root)
              .bind("after", after == null ? "" : after)
              .bind("limit", limit + 1)
              .mapTo(Artifact.class)
              .list();
        }),
        limit,
        Artifact::path,
        row -> row);
  }

  Optional<Artifact> artifact(String runId, String path) {
    return db.read(handle ->
        handle
            .createQuery(SELECT + "where path = :path")
            .bind("path", root(handle, runId) + "/" + path)
            .mapTo(Artifact.class)
            .findOne());
  }

  private static String root(Handle handle, String runId) {
    return handle
        .createQuery("select tracker.artifact_root(artifact_uri) from tracker.run where id = :run")
        .bind("run", runId)
        .mapTo(String.class)
        .one();
  }

  private record Chunk(byte[] data) {}

  private static final int LINES_AT_ONCE = 10_000;
  private static final int MOST_SEARCHED = 20;

  private record Extent(long firstLine, long lastLine, long bytes) {}

  /// Lines after this number, oldest first: at most so many, and at most about four megabytes.
  public LogPage log(String runId, long after, int limit) {
    var chunks =
        db.read(handle -> {
          var extents =
              handle
                  .createQuery(
                      """
                      select first_line, last_line, octet_length(data) as bytes
                      from tracker.log_chunk
                      where run_id = :run and last_line > :after and first_line <= :until
                      order by first_line
                      """)
                  .bind("run", runId)
                  .bind("after", after)
                  // Lines are numbered without gaps.
                  .bind("until", after + limit)
                  .mapTo(Extent.class)
                  .list();
          long until = after;
          long bytes = 0;
          for (var extent : extents) {
            if (bytes > 0 && bytes + extent.bytes > PAGE_BYTES) {
              break;
            }
            bytes += extent.bytes;
            until = extent.lastLine;
          }
          return handle
              .createQuery(
                  """
                  select data from tracker.log_chunk
                  where run_id = :run and last_line > :after and last_line <= :until
                  order by first_line
                  """)
              .bind("run", runId)
              .bind("after", after)
              .bind("until", until)
              .mapTo(Chunk.class)
              .list();
        });
    var lines =
        chunks.stream()
            .flatMap(chunk -> parse(chunk.data).getLinesList().stream())
            .filter(line -> line.getNumber() > after)
            .limit(limit)
            .map(ArtifactStore::line)
            .toList();
    return new LogPage(lines, lines.isEmpty() ? after : lines.getLast().number());
  }

  /// Of the lines after this number those that contain a text, in whatever case. Of a long log only
  /// so much is looked through at once; the page then says where to look on, even if it is empty.
  public LogPage searchLog(String runId, String text, long after, int limit) {
    var wanted =
        Pattern.compile(Pattern.quote(text), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    var found = new ArrayList<LogPage.Line>();
    long next = after;
    for (int i = 0; i < MOST_SEARCHED; i++) {
      var page = log(runId, next, LINES_AT_ONCE);
      if (page.lines().isEmpty()) {
        break;
      }
      for (var line : page.lines()) {
        next = line.number();
        if (wanted.matcher(line.text()).find()) {
          found.add(line);
          if (found.size() == limit) {
            return new LogPage(found, next);
          }
        }
      }
    }
    return new LogPage(found, next);
  }

  /// A line as the API shows it.
  public static LogPage.Line line(LogLine line) {
    return new LogPage.Line(
        line.getNumber(),
        Instant.ofEpochMilli(line.getTimestamp()),
        line.getStderr() ? "stderr" : "stdout",
        line.getText());
  }

  private static LogLines parse(byte[] data) {
    try {
      return LogLines.parseFrom(data);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a stored log chunk is damaged", e);
    }
  }
}

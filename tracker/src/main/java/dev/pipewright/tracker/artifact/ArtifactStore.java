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
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/// All SQL of a run's files and log lines.
@ApplicationScoped
public class ArtifactStore {
  private static final long CHUNK_BYTES = 128 * 1024;
  private static final long PAGE_BYTES = 4 * 1024 * 1024;

  private final Db db;

  ArtifactStore(Db db) {
    this.db = db;
  }

  public static ArtifactStore on(Db db) {
    return new ArtifactStore(db);
  }

  /// A path that is logged again takes the new content.
  public void artifact(Handle tx, String runId, Instant at, ArtifactLogged artifact) {
    tx.createUpdate(
            """
            insert into tracker.artifact (run_id, path, digest, size, media_type, created_at)
            values (:run, :path, :digest, :size, :mediaType, :at)
            on conflict (run_id, path) do update set
              digest = excluded.digest, size = excluded.size,
              media_type = excluded.media_type, created_at = excluded.created_at
            """)
        .bind("run", runId)
        .bind("path", artifact.getPath())
        .bind("digest", artifact.getDigest())
        .bind("size", artifact.getSize())
        .bind("mediaType", artifact.getMediaType())
        .bind("at", at)
        .execute();
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

  /// By path.
  Page<Artifact> artifacts(String runId, int limit, @Nullable String after) {
    return Paging.page(
        db.read(handle ->
            handle
                .createQuery(
                    """
                    select path, size, digest, media_type, created_at from tracker.artifact
                    where run_id = :run and path > :after order by path limit :limit
                    """)
                .bind("run", runId)
                .bind("after", after == null ? "" : after)
                .bind("limit", limit + 1)
                .mapTo(Artifact.class)
                .list()),
        limit,
        Artifact::path,
        row -> row);
  }

  Optional<Artifact> artifact(String runId, String path) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select path, size, digest, media_type, created_at from tracker.artifact
                where run_id = :run and path = :path
                """)
            .bind("run", runId)
            .bind("path", path)
            .mapTo(Artifact.class)
            .findOne());
  }

  private record Chunk(byte[] data) {}

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

package dev.pipewright.tracker.artifact;

import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.List;

/// All SQL of uploads in parts. A part is a blob of its own until all are joined.
@ApplicationScoped
public class UploadStore {
  private final Db db;

  UploadStore(Db db) {
    this.db = db;
  }

  public static UploadStore on(Db db) {
    return new UploadStore(db);
  }

  /// @param id nobody can guess it: who knows it may upload parts
  public void begin(String id, String path, Instant at) {
    db.useTransaction(tx ->
        tx.createUpdate(
                "insert into tracker.artifact_upload (id, path, created_at) values (:id, :path, :at)")
            .bind("id", id)
            .bind("path", path)
            .bind("at", at)
            .execute());
  }

  public boolean exists(String id) {
    return db.read(handle ->
        handle
            .createQuery(
                "select exists (select from tracker.artifact_upload where id = :id and not completed)")
            .bind("id", id)
            .mapTo(Boolean.class)
            .one());
  }

  /// A part that is sent again takes the new content.
  ///
  /// @return false when the upload is over
  public boolean part(String id, int number, String digest, long size) {
    return db.inTransaction(tx ->
        tx.createUpdate(
                """
                insert into tracker.artifact_upload_part (upload_id, number, digest, size)
                select id, :number, :digest, :size from tracker.artifact_upload
                where id = :id and not completed
                on conflict (upload_id, number) do update set
                  digest = excluded.digest, size = excluded.size
                """)
            .bind("id", id)
            .bind("number", number)
            .bind("digest", digest)
            .bind("size", size)
            .execute())
        > 0;
  }

  /// One part, by number.
  public record UploadPart(int number, String digest, long size) {}

  public List<UploadPart> parts(String id) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select number, digest, size from tracker.artifact_upload_part
                where upload_id = :id order by number
                """)
            .bind("id", id)
            .mapTo(UploadPart.class)
            .list());
  }

  /// Gives the joined content its path and ends the upload.
  ///
  /// @return false when the upload is over
  public boolean complete(
      String id, String path, String digest, long size, String mediaType, Instant at) {
    return db.inTransaction(tx -> {
      int ended =
          tx.createUpdate(
                  """
                  update tracker.artifact_upload set completed = true
                  where id = :id and path = :path and not completed
                  """)
              .bind("id", id)
              .bind("path", path)
              .execute();
      if (ended == 0) {
        return false;
      }
      tx.createUpdate("delete from tracker.artifact_upload_part where upload_id = :id")
          .bind("id", id)
          .execute();
      ArtifactStore.put(tx, path, digest, size, mediaType, at);
      return true;
    });
  }

  /// Whether it was completed some time ago, so that to do it again is no error.
  public boolean isCompleted(String id, String path) {
    return db.read(handle ->
        handle
            .createQuery(
                """
                select exists (select from tracker.artifact_upload
                  where id = :id and path = :path and completed)
                """)
            .bind("id", id)
            .bind("path", path)
            .mapTo(Boolean.class)
            .one());
  }

  public void abort(String id, String path) {
    db.useTransaction(tx ->
        tx.createUpdate("delete from tracker.artifact_upload where id = :id and path = :path")
            .bind("id", id)
            .bind("path", path)
            .execute());
  }

  /// Ends the uploads that began before a time.
  ///
  /// @return how many
  public int abortAbandoned(Instant before) {
    return db.inTransaction(tx ->
        tx.createUpdate("delete from tracker.artifact_upload where created_at < :before")
            .bind("before", before)
            .execute());
  }
}

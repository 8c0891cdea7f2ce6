package dev.pipewright.tracker.artifact;

import dev.pipewright.platform.BlobReferences;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.function.Consumer;

/// The contents that the tracker refers to, of all its tables.
@ApplicationScoped
class BlobUseStore implements BlobReferences {
  private static final int FETCH = 10_000;

  private final Db db;

  BlobUseStore(Db db) {
    this.db = db;
  }

  @Override
  public void forEachDigest(Consumer<String> inUse) {
    db.useTransaction(tx ->
        tx.createQuery(
                """
                select digest from tracker.artifact
                union all
                select digest from tracker.artifact_upload_part
                union all
                select digest from tracker.dataset where digest ~ '^sha256:[0-9a-f]{64}$'
                union all
                select (regexp_matches(coalesce(files::text, '') || coalesce(digest, ''), 'sha256:[0-9a-f]{64}', 'g'))[1]
                from (
                  select files, digest from tracker.logged_model
                  union all
                  select files, digest from tracker.model_version) m
                """)
            .setFetchSize(FETCH)
            .mapTo(String.class)
            .forEach(inUse));
  }
}

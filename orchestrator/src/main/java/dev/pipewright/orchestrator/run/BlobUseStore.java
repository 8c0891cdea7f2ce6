package dev.pipewright.orchestrator.run;

import dev.pipewright.platform.BlobReferences;
import dev.pipewright.platform.Db;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.function.Consumer;

/// The contents that pipelines and their runs refer to: files sent along with a pipeline, params,
/// inputs and outputs.
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
                select (regexp_matches(text, 'sha256:[0-9a-f]{64}', 'g'))[1]
                from (
                  select source || files from orchestrator.pipeline_version
                  union all
                  select params::text from orchestrator.pipeline_run
                  union all
                  select outputs::text from orchestrator.task
                  union all
                  select inputs::text from orchestrator.attempt) as texts (text)
                """)
            .setFetchSize(FETCH)
            .mapTo(String.class)
            .forEach(inUse));
  }
}

package dev.pipewright.orchestrator.pipeline;

import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.NullUnmarked;

@Entity
@Immutable
@Table(schema = "orchestrator", name = "pipeline_version")
@NullUnmarked
class PipelineVersionRow {
  @Embeddable
  record Key(String pipeline, int version) {}

  @EmbeddedId Key key;
  String digest;
  String source;

  /// JSON list of FileRefs.
  String files;

  /// JSON map: the versions of the pipelines that it calls without naming one.
  String pins;

  @Column(name = "created_at")
  Instant createdAt;
}

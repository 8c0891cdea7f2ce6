package dev.pipewright.orchestrator.pipeline;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.Generated;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

@Entity
@Table(schema = "orchestrator", name = "pipeline")
@NullUnmarked
class PipelineRow {
  @Id String name;

  @Generated
  @Column(insertable = false, updatable = false)
  long number;

  @Nullable String description;

  @Column(name = "latest_version")
  int latestVersion;

  /// The pools that the latest version's tasks take from.
  String pools = "[]";

  @Column(name = "created_at")
  Instant createdAt;

  @Column(name = "updated_at")
  Instant updatedAt;
}

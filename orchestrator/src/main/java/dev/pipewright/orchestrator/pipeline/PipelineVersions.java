package dev.pipewright.orchestrator.pipeline;

import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import org.jspecify.annotations.Nullable;

/// The versions of pipelines, as they were stored.
@FunctionalInterface
public interface PipelineVersions {
  /// @param version null for the latest
  /// @throws dev.pipewright.contract.ProblemException PIPELINE_NOT_FOUND
  StoredVersion version(String pipeline, @Nullable Integer version);
}

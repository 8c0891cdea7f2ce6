package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.UUID;

/// What other features may ask about runs.
@ApplicationScoped
public class RunQuery {
  private final RunStore runs;

  RunQuery(RunStore runs) {
    this.runs = runs;
  }

  /// @throws dev.pipewright.contract.ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun get(String id) {
    return runs.get(RunResource.id(id));
  }

  public PipelineRunSummary summary(UUID id) {
    return runs.summary(id);
  }
}

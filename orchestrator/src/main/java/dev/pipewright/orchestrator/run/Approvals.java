package dev.pipewright.orchestrator.run;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.language.Work;
import dev.pipewright.orchestrator.pipeline.PipelineStore;
import jakarta.enterprise.context.ApplicationScoped;

/// What tasks that wait for a person ask for.
@ApplicationScoped
class Approvals {
  private final PipelineStore pipelines;

  Approvals(PipelineStore pipelines) {
    this.pipelines = pipelines;
  }

  /// @throws ProblemException NOT_WAITING
  Work.Approval of(PipelineRun run, String task) {
    var spec = pipelines.version(run.pipeline(), run.version()).spec().tasks().get(task);
    if (spec == null || !(spec.work() instanceof Work.Approval approval)) {
      throw new ProblemException(
          ProblemCode.NOT_WAITING,
          "Run #%d has no task '%s' that asks a person.".formatted(run.number(), task));
    }
    return approval;
  }
}

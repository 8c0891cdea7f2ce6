package dev.pipewright.client.djl;

import ai.djl.training.Trainer;
import ai.djl.training.evaluator.Evaluator;
import ai.djl.training.listener.TrainingListenerAdapter;
import dev.pipewright.client.tracking.ActiveRun;

/// Logs a DJL training to a run: after each epoch, every evaluator's mean over the epoch (the loss
/// is one of them) as `train_<evaluator>` and `validate_<evaluator>`, with the epoch, from 0, as
/// step.
///
/// ```java
/// config.addTrainingListeners(new DjlTrackingListener(run));
/// ```
///
/// It keeps sums of its own, so it needs no other listener and does not mind their order. The run
/// stays open at the end of the training.
public final class DjlTrackingListener extends TrainingListenerAdapter {
  private static final String TRAIN = "pipewright/train";
  private static final String VALIDATE = "pipewright/validate";

  private final ActiveRun run;
  private long epoch;
  private boolean validated;

  public DjlTrackingListener(ActiveRun run) {
    this.run = run;
  }

  @Override
  public void onTrainingBegin(Trainer trainer) {
    for (var evaluator : trainer.getEvaluators()) {
      evaluator.addAccumulator(TRAIN);
      evaluator.addAccumulator(VALIDATE);
    }
  }

  @Override
  public void onTrainingBatch(Trainer trainer, BatchData batch) {
    add(trainer, batch, TRAIN);
  }

  @Override
  public void onValidationBatch(Trainer trainer, BatchData batch) {
    add(trainer, batch, VALIDATE);
    validated = true;
  }

  private static void add(Trainer trainer, BatchData batch, String sum) {
    for (var evaluator : trainer.getEvaluators()) {
      batch
          .getLabels()
          .forEach((device, labels) ->
              evaluator.updateAccumulator(sum, labels, batch.getPredictions().get(device)));
    }
  }

  @Override
  public void onEpoch(Trainer trainer) {
    for (var evaluator : trainer.getEvaluators()) {
      log(evaluator, "train_", TRAIN);
      if (validated) {
        log(evaluator, "validate_", VALIDATE);
      }
    }
    validated = false;
    epoch++;
  }

  private void log(Evaluator evaluator, String prefix, String sum) {
    run.log(prefix + evaluator.getName(), epoch, evaluator.getAccumulator(sum));
    evaluator.resetAccumulator(sum);
  }
}

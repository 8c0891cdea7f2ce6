package dev.pipewright.deep;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelReader;
import dev.pipewright.tabular.data.Frame;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Has the tasks that predict and judge tables read what `pipewright/train@v1` wrote, where it
/// predicts the rows of a table.
public final class NetworkReader implements ModelReader {
  @Override
  public String flavor() {
    return Card.FLAVOR;
  }

  @Override
  public dev.pipewright.tabular.Predictor open(Path folder) throws IOException {
    var card = Card.read(folder);
    var goal = card.goal();
    if (goal == null || !card.preparation().readsRows()) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE,
          "this model does not predict a table row by row: it is of architecture %s"
              .formatted(card.params().getOrDefault("architecture", "another")),
          "Give a model that was trained on rows, texts or images of a table with a target.");
    }
    return new Network(Predictor.open(folder), card(card, goal));
  }

  private static ModelCard card(Card card, Goal goal) {
    return new ModelCard(
        ModelCard.FORMAT,
        card.flavor(),
        card.library(),
        goal.target(),
        goal.shares(),
        goal.mean(),
        List.of(),
        Map.of(),
        card.rows(),
        card.bestEpoch() + 1,
        card.metric(),
        card.bestScore(),
        card.params());
  }

  private record Network(Predictor predictor, ModelCard card)
      implements dev.pipewright.tabular.Predictor {
    @Override
    public double[][] predict(Frame frame) {
      return predictor.predict(frame);
    }

    @Override
    public void close() {
      predictor.close();
    }
  }
}

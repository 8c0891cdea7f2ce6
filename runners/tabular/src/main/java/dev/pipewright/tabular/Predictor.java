package dev.pipewright.tabular;

import dev.pipewright.tabular.automl.AutomlModel;
import dev.pipewright.tabular.data.Frame;
import java.io.IOException;
import java.nio.file.Path;

/// A model ready to predict, whatever trained it. Close it: some live outside the heap.
public interface Predictor extends AutoCloseable {
  /// @throws dev.pipewright.contract.ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  static Predictor open(Path folder) throws IOException {
    var card = ModelCard.read(folder);
    return card.flavor().equals(AutomlModel.FLAVOR)
        ? AutomlModel.open(folder, card)
        : new XgboostPredictor(card, Boosters.read(folder));
  }

  ModelCard card();

  /// A row of probabilities for each row of the table, in the order of the classes; or, for a
  /// regression, a single number.
  ///
  /// @throws dev.pipewright.contract.ProblemException COLUMN_NOT_FOUND
  double[][] predict(Frame frame);

  @Override
  void close();
}

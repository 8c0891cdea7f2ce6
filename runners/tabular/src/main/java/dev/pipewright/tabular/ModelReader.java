package dev.pipewright.tabular;

import java.io.IOException;
import java.nio.file.Path;

/// Reads the models of one flavour. Found through [java.util.ServiceLoader], so that what predicts
/// and judges need not know what trains.
public interface ModelReader {
  /// As `pipewright-model.json` names it.
  String flavor();

  /// @param folder a saved model
  /// @throws dev.pipewright.contract.ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  Predictor open(Path folder) throws IOException;
}

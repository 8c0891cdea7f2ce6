package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.XgboostModel;
import dev.pipewright.tabular.model.Model;
import java.io.IOException;
import java.nio.file.Path;

/// Opens models, whatever they were made by.
final class Models {
  private Models() {}

  /// @throws dev.pipewright.contract.ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  static Model open(Path folder) throws IOException {
    return XgboostModel.open(folder);
  }
}

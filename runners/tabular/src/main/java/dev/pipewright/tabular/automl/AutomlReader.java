package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelReader;
import dev.pipewright.tabular.Predictor;
import java.io.IOException;
import java.nio.file.Path;

/// Reads what `pipewright/automl@v1` wrote.
public final class AutomlReader implements ModelReader {
  @Override
  public String flavor() {
    return AutomlModel.FLAVOR;
  }

  @Override
  public Predictor open(Path folder) throws IOException {
    return AutomlModel.open(folder, ModelCard.read(folder));
  }
}

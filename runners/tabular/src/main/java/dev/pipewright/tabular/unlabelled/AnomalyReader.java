package dev.pipewright.tabular.unlabelled;

import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelReader;
import dev.pipewright.tabular.Predictor;
import java.io.IOException;
import java.nio.file.Path;

/// Reads what `pipewright/anomalies@v1` wrote.
public final class AnomalyReader implements ModelReader {
  @Override
  public String flavor() {
    return AnomalyModel.FLAVOR;
  }

  @Override
  public Predictor open(Path folder) throws IOException {
    return new AnomalyModel(ModelCard.read(folder), Keeping.read(folder, AnomalyModel.Saved.class));
  }
}

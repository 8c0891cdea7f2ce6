package dev.pipewright.tabular.unlabelled;

import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.ModelReader;
import dev.pipewright.tabular.Predictor;
import java.io.IOException;
import java.nio.file.Path;

/// Reads what `pipewright/clusters@v1` wrote.
public final class ClusterReader implements ModelReader {
  @Override
  public String flavor() {
    return ClusterModel.FLAVOR;
  }

  @Override
  public Predictor open(Path folder) throws IOException {
    return new ClusterModel(ModelCard.read(folder), Keeping.read(folder, ClusterModel.Saved.class));
  }
}

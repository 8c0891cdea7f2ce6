package dev.pipewright.tabular;

import java.io.IOException;
import java.nio.file.Path;

/// Reads what `pipewright/xgboost@v1` wrote.
public final class XgboostReader implements ModelReader {
  @Override
  public String flavor() {
    return "xgboost";
  }

  @Override
  public Predictor open(Path folder) throws IOException {
    var card = ModelCard.read(folder);
    return new XgboostPredictor(card, Boosters.read(folder));
  }
}

package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.annotation.JsonProperty;

/// The families of models.
enum Family {
  @JsonProperty("prior")
  PRIOR("prior", new Prior()),
  @JsonProperty("linear")
  LINEAR("linear", new Linear()),
  @JsonProperty("lightgbm")
  LIGHTGBM("lightgbm", new LightgbmTrees()),
  @JsonProperty("xgboost")
  XGBOOST("xgboost", new XgboostTrees()),
  @JsonProperty("forest")
  FOREST("forest", new Forest()),
  @JsonProperty("neighbours")
  NEIGHBOURS("neighbours", new Neighbours()),
  @JsonProperty("network")
  NETWORK("network", new Network());

  private final String word;
  private final Learner learner;

  Family(String word, Learner learner) {
    this.word = word;
    this.learner = learner;
  }

  String word() {
    return word;
  }

  Learner learner() {
    return learner;
  }
}

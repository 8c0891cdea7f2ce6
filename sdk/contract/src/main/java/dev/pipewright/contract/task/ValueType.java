package dev.pipewright.contract.task;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/// The types of params, inputs and outputs; written in YAML and JSON in lower case.
public enum ValueType {
  @JsonProperty("string")
  STRING,
  @JsonProperty("int")
  INT,
  @JsonProperty("double")
  DOUBLE,
  @JsonProperty("bool")
  BOOL,
  @JsonProperty("json")
  JSON,
  @JsonProperty("dataset")
  DATASET,
  @JsonProperty("model")
  MODEL,
  @JsonProperty("artifact")
  ARTIFACT;

  /// As it is written in a pipeline.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /// Whether values of this type are [DataRef]s.
  public boolean isData() {
    return this == DATASET || this == MODEL || this == ARTIFACT;
  }
}

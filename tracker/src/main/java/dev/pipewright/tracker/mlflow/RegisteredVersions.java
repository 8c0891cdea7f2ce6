package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The versions made of a logged model, as its tag lists them for clients.
record RegisteredVersions(List<NamedVersion> versions) {
  private static final TypeReference<List<NamedVersion>> LIST = new TypeReference<>() {};

  record NamedVersion(String name, int version) {}

  /// What cannot be read counts as none.
  static RegisteredVersions parse(@Nullable String tag) {
    try {
      return new RegisteredVersions(
          tag == null ? List.of() : MlflowJson.MAPPER.readValue(tag, LIST));
    } catch (JsonProcessingException e) {
      return new RegisteredVersions(List.of());
    }
  }

  RegisteredVersions with(String name, int version) {
    var more = new ArrayList<>(versions);
    more.add(new NamedVersion(name, version));
    return new RegisteredVersions(more);
  }

  String json() {
    return MlflowJson.text(versions);
  }
}

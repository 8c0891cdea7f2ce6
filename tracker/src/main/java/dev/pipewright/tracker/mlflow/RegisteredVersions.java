package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.PrettyPrinter;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The versions made of a logged model, as its tag lists them for clients.
record RegisteredVersions(List<NamedVersion> versions) {
  private static final TypeReference<List<NamedVersion>> LIST = new TypeReference<>() {};

  private static final PrettyPrinter SPACED =
      new DefaultPrettyPrinter(
              Separators.createDefaultInstance()
                  .withObjectFieldValueSpacing(Spacing.AFTER)
                  .withObjectEntrySpacing(Spacing.AFTER)
                  .withArrayValueSpacing(Spacing.AFTER))
          .withObjectIndenter(DefaultPrettyPrinter.NopIndenter.instance)
          .withArrayIndenter(DefaultPrettyPrinter.NopIndenter.instance);

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

  /// Spaced as MLflow's own server writes it: there are clients that compare it as text.
  String json() {
    try {
      return MlflowJson.MAPPER.writer(SPACED).writeValueAsString(versions);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names and numbers did not become JSON", e);
    }
  }
}

package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.RegisteredModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The model catalog.
public final class Models {
  private final Http http;

  Models(Http http) {
    this.http = http;
  }

  /// One page of registered models.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<RegisteredModel> list(@Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("after", after);
    return http.get(Http.path(List.of("models"), query), new TypeReference<>() {});
  }

  /// @throws ProblemException MODEL_NOT_FOUND
  public RegisteredModel get(String name) {
    return http.get(Http.path(List.of("models", name), Map.of()), RegisteredModel.class);
  }

  /// @throws ProblemException MODEL_NOT_FOUND or MODEL_VERSION_NOT_FOUND
  public ModelVersion version(String name, int version) {
    return http.get(
        Http.path(List.of("models", name, "versions", Integer.toString(version)), Map.of()),
        ModelVersion.class);
  }
}

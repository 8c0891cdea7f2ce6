package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;

/// What resources that stream files answer beside them, in the protocol's form.
final class FileAnswers {
  private FileAnswers() {}

  static Response json(int status, Object body) {
    return Response.status(status)
        .type(MediaType.APPLICATION_JSON_TYPE)
        .entity(MlflowJson.bytes(body))
        .build();
  }

  static Response failed(Throwable failure) {
    var error = MlflowError.of(failure);
    return json(
        error.code().status(),
        Map.of("error_code", error.code().name(), "message", error.getMessage()));
  }
}

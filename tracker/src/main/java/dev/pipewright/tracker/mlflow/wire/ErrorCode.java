package dev.pipewright.tracker.mlflow.wire;

/// The protocol's error codes that this server gives, with the HTTP status each goes with.
public enum ErrorCode {
  BAD_REQUEST(400),
  INVALID_PARAMETER_VALUE(400),
  RESOURCE_ALREADY_EXISTS(400),
  PERMISSION_DENIED(403),
  RESOURCE_DOES_NOT_EXIST(404),
  NOT_FOUND(404),
  ENDPOINT_NOT_FOUND(404),
  ABORTED(409),
  RESOURCE_CONFLICT(409),
  RESOURCE_EXHAUSTED(429),
  REQUEST_LIMIT_EXCEEDED(429),
  INTERNAL_ERROR(500),
  INVALID_STATE(500),
  NOT_IMPLEMENTED(501),
  TEMPORARILY_UNAVAILABLE(503);

  private final int status;

  ErrorCode(int status) {
    this.status = status;
  }

  public int status() {
    return status;
  }
}

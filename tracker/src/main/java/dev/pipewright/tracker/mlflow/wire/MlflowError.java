package dev.pipewright.tracker.mlflow.wire;

import java.util.Locale;

/// A refusal in the protocol's form. Messages that clients and their tests compare are worded as
/// MLflow's own.
public final class MlflowError extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String SEE_DOCS =
      " See the API docs for more information about request parameters.";

  private final ErrorCode code;

  public MlflowError(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  public ErrorCode code() {
    return code;
  }

  public static MlflowError invalid(String message) {
    return new MlflowError(ErrorCode.INVALID_PARAMETER_VALUE, message);
  }

  public static MlflowError missing(String parameter) {
    return invalid("Missing value for required parameter '" + parameter + "'." + SEE_DOCS);
  }

  /// @param value as JSON
  /// @param type what it was, in Python's words
  public static MlflowError wrongType(String parameter, String value, String type) {
    return invalid(
        "Invalid value "
            + value
            + " for parameter '"
            + parameter
            + "' supplied:  Hint: Value was of type '"
            + type
            + "'."
            + SEE_DOCS);
  }

  /// @param value as JSON
  public static MlflowError invalidValue(String parameter, String value, String why) {
    return invalid(
        "Invalid value " + value + " for parameter '" + parameter + "' supplied: " + why);
  }

  public static MlflowError tooLong(String what, int limit) {
    return invalid("'%s' exceeds the maximum length of %s characters".formatted(what, limit));
  }

  public static MlflowError notFound(String message) {
    return new MlflowError(ErrorCode.RESOURCE_DOES_NOT_EXIST, message);
  }

  public static MlflowError exists(String message) {
    return new MlflowError(ErrorCode.RESOURCE_ALREADY_EXISTS, message);
  }

  @Override
  public String toString() {
    return code.name().toLowerCase(Locale.ROOT) + ": " + getMessage();
  }
}

package dev.pipewright.tracker.mlflow.wire;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.search.InvalidFilter;
import java.sql.SQLException;
import java.util.Locale;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A refusal in the protocol's form. Messages that clients and their tests compare are worded as
/// MLflow's own.
public final class MlflowError extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = Logger.getLogger(MlflowError.class);
  private static final String UNIQUE_VIOLATION = "23505";
  private static final String SEE_DOCS =
      " See the API docs for more information about request parameters.";

  private final ErrorCode code;
  private final @Nullable String unknownRun;

  public MlflowError(ErrorCode code, String message) {
    this(code, message, null);
  }

  private MlflowError(ErrorCode code, String message, @Nullable String unknownRun) {
    super(message);
    this.code = code;
    this.unknownRun = unknownRun;
  }

  public static MlflowError noRun(String id) {
    return new MlflowError(
        ErrorCode.RESOURCE_DOES_NOT_EXIST, "Run with id=" + id + " not found", id);
  }

  /// The run that is not there, if it is for that; it may be on its way.
  @Nullable String unknownRun() {
    return unknownRun;
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

  /// What a failure is answered as. One that is the server's own fault is logged.
  public static MlflowError of(Throwable failure) {
    if (failure instanceof MlflowError known) {
      return known;
    }
    if (failure instanceof InvalidFilter wrong) {
      return invalid(wrong.getMessage());
    }
    if (failure instanceof ProblemException known) {
      var problem = known.problem();
      return new MlflowError(
          switch (problem.status()) {
            case 404 -> ErrorCode.RESOURCE_DOES_NOT_EXIST;
            case 409 -> ErrorCode.RESOURCE_CONFLICT;
            case 503 -> ErrorCode.TEMPORARILY_UNAVAILABLE;
            default ->
                problem.status() < 500
                    ? ErrorCode.INVALID_PARAMETER_VALUE
                    : ErrorCode.INTERNAL_ERROR;
          },
          known.getMessage());
    }
    if (UNIQUE_VIOLATION.equals(sqlState(failure))) {
      return MlflowError.exists("Another request made the same thing at the same time.");
    }
    if (Db.isTransient(failure)) {
      LOG.warnf("the database is away: %s", failure.getMessage());
      return new MlflowError(
          ErrorCode.TEMPORARILY_UNAVAILABLE, "The database is away for the moment; try again.");
    }
    var incident = UUID.randomUUID().toString();
    LOG.errorf(failure, "incident %s", incident);
    return new MlflowError(
        ErrorCode.INTERNAL_ERROR,
        "Something went wrong in the server; its log has it as incident " + incident + ".");
  }

  private static @Nullable String sqlState(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return sql.getSQLState();
      }
    }
    return null;
  }

  @Override
  public String toString() {
    return code.name().toLowerCase(Locale.ROOT) + ": " + getMessage();
  }
}

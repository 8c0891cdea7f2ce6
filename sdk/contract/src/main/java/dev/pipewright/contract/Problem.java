package dev.pipewright.contract;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The body of every error answer: RFC 9457 `application/problem+json` with a stable code.
///
/// @param type address of the code's page, relative to the server
/// @param code a [ProblemCode]'s name; a string, so that an older reader survives a newer code
/// @param title the same for every problem of the code
/// @param status the HTTP status
/// @param detail what is wrong with this request: names the thing and the place
/// @param remedy what to do about it
/// @param errors each single error where there may be several; otherwise empty
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(
    String type,
    String code,
    String title,
    int status,
    String detail,
    @Nullable String remedy,
    List<Violation> errors) {

  public Problem {
    errors = errors == null ? List.of() : List.copyOf(errors);
  }

  /// One error in a document or a set of params.
  ///
  /// @param code stable, upper case: `UNKNOWN_KEY`, `CYCLE`, `TYPE_MISMATCH` …
  /// @param message names the thing and what is wrong with it
  /// @param path where in the document: `tasks.train.with.target`; null where there is none
  /// @param line from 1; null where there is no document
  /// @param column from 1
  /// @param remedy what to do about it; null where the message says it
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Violation(
      String code,
      String message,
      @Nullable String path,
      @Nullable Integer line,
      @Nullable Integer column,
      @Nullable String remedy) {}

  public static Problem of(ProblemCode code, String detail) {
    return of(code, detail, code.remedy(), List.of());
  }

  public static Problem of(ProblemCode code, String detail, List<Violation> errors) {
    return of(code, detail, code.remedy(), errors);
  }

  public static Problem of(
      ProblemCode code, String detail, @Nullable String remedy, List<Violation> errors) {
    return new Problem(
        "/docs/problems#" + code.name(),
        code.name(),
        code.title(),
        code.status(),
        detail,
        remedy,
        errors);
  }
}

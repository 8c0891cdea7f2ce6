package dev.pipewright.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/// Every failure leaves the server as `application/problem+json`.
class Problems {
  static final String MEDIA_TYPE = "application/problem+json";
  private static final Logger LOG = Logger.getLogger(Problems.class);

  @ServerExceptionMapper
  public Response known(ProblemException failure) {
    return answer(failure.problem());
  }

  @ServerExceptionMapper
  public Response badJson(JsonProcessingException failure) {
    return answer(badBody(failure));
  }

  /// More precise than the one above, because RESTEasy has one for it that answers nothing.
  @ServerExceptionMapper
  public Response wrongJson(MismatchedInputException failure) {
    return answer(badBody(failure));
  }

  @ServerExceptionMapper
  public Response byStatus(WebApplicationException failure) {
    if (failure.getCause() instanceof JsonProcessingException json) {
      return answer(badBody(json));
    }
    int status = failure.getResponse().getStatus();
    if (status == 404 && failure.getCause() instanceof IllegalArgumentException wrongParameter) {
      return answer(
          Problem.of(
              ProblemCode.BAD_REQUEST,
              "A parameter of the address has the wrong form: " + wrongParameter.getMessage()));
    }
    if (status < 400) {
      return failure.getResponse();
    }
    var code =
        switch (status) {
          case 404 -> ProblemCode.NOT_FOUND;
          case 405 -> ProblemCode.METHOD_NOT_ALLOWED;
          case 406 -> ProblemCode.NOT_ACCEPTABLE;
          case 413 -> ProblemCode.PAYLOAD_TOO_LARGE;
          case 415 -> ProblemCode.UNSUPPORTED_MEDIA_TYPE;
          default -> status < 500 ? ProblemCode.BAD_REQUEST : ProblemCode.INTERNAL;
        };
    if (code == ProblemCode.INTERNAL) {
      LOG.error("a request failed", failure);
    }
    return answer(Problem.of(code, code.title() + "."));
  }

  @ServerExceptionMapper
  public Response unexpected(Exception failure) {
    if (Db.isTransient(failure)) {
      LOG.warnf("a request failed for want of the database: %s", Loop.rootMessage(failure));
      return answer(Problem.of(ProblemCode.UNAVAILABLE, "The database does not answer."));
    }
    LOG.error("a request failed", failure);
    return answer(
        Problem.of(ProblemCode.INTERNAL, "The request failed; the server's log says why."));
  }

  static Response answer(Problem problem) {
    return Response.status(problem.status()).type(MEDIA_TYPE).entity(problem).build();
  }

  private static Problem badBody(JsonProcessingException failure) {
    var place = failure.getLocation();
    var path =
        failure instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(
                    at -> at.getFieldName() == null ? "[" + at.getIndex() + "]" : at.getFieldName())
                .collect(Collectors.joining("."))
            : "";
    var violation =
        new Problem.Violation(
            "INVALID_JSON",
            failure.getOriginalMessage(),
            path.isEmpty() ? null : path,
            place == null ? null : place.getLineNr(),
            place == null ? null : place.getColumnNr(),
            null);
    return Problem.of(
        ProblemCode.BAD_REQUEST,
        "The body is not the JSON this address takes.",
        List.of(violation));
  }
}

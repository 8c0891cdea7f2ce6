package dev.pipewright.tracker.mlflow.wire;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.platform.Db;
import io.quarkus.arc.All;
import io.quarkus.virtual.threads.VirtualThreads;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Mounts the protocol's addresses. They bypass JAX-RS: each is served under two prefixes and
/// answers errors in MLflow's form, and an address that is not known answers without JSON, from
/// which clients tell an older server.
@ApplicationScoped
class MlflowServer {
  private static final Logger LOG = Logger.getLogger(MlflowServer.class);
  private static final String UNIQUE_VIOLATION = "23505";
  private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+)}");
  private static final Set<HttpMethod> WITH_TYPED_BODY = Set.of(HttpMethod.POST, HttpMethod.PUT);
  // Before JAX-RS, which answers every address below /api.
  private static final int ORDER = -100;

  private final List<Routes.Family> families;
  private final ExecutorService threads;

  MlflowServer(@All List<Routes.Family> families, @VirtualThreads ExecutorService threads) {
    this.families = families;
    this.threads = threads;
  }

  void mount(@Observes Router router) {
    var routes = new Routes();
    families.forEach(family -> family.addTo(routes));
    for (var route : routes.all()) {
      var path = PARAMETER.matcher(route.path()).replaceAll(":$1");
      var raw = route.raw();
      var answer = route.answer();
      var mounted = router.route(route.method(), path).order(ORDER);
      if (raw != null) {
        mounted.handler(raw);
      } else if (answer != null) {
        mounted.handler(context -> read(context, answer));
      }
    }
    routes.all().stream()
        .map(route -> PARAMETER.matcher(route.path()).replaceAll(":$1"))
        .distinct()
        .forEach(path -> router.route(path).order(ORDER + 1).handler(MlflowServer::wrongMethod));
    for (var prefix : List.of("/api/2.0/*", "/api/3.0/*", "/ajax-api/*")) {
      router.route(prefix).order(ORDER + 2).handler(MlflowServer::unknown);
    }
  }

  private void read(RoutingContext context, Routes.Answer answer) {
    var request = context.request();
    if (HttpMethod.GET.equals(request.method())) {
      dispatch(
          context,
          answer,
          () -> Call.ofQuery(context.pathParams(), request.params(), request.headers()));
      return;
    }
    request
        .body()
        .onSuccess(body ->
            dispatch(
                context,
                answer,
                () -> {
                  checkType(context);
                  return Call.ofBody(context.pathParams(), body.getBytes(), request.headers());
                }))
        .onFailure(failure -> context.response().reset());
    // Quarkus hands requests over paused.
    request.resume();
  }

  private static void checkType(RoutingContext context) {
    if (!WITH_TYPED_BODY.contains(context.request().method())) {
      return;
    }
    var type = context.request().getHeader("Content-Type");
    if (type == null) {
      throw MlflowError.invalid("Bad Request. Content-Type header is missing.");
    }
    if (!type.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
      throw MlflowError.invalid("Bad Request. Content-Type must be one of ['application/json'].");
    }
  }

  @FunctionalInterface
  private interface Reading {
    Call call();
  }

  private void dispatch(RoutingContext context, Routes.Answer answer, Reading reading) {
    threads.execute(() -> {
      try {
        var result = answer.to(reading.call());
        json(context, 200, result == null ? Map.of() : result);
      } catch (Throwable failure) {
        fail(context, failure);
      }
    });
  }

  /// Answers a failure in the protocol's form.
  static void fail(RoutingContext context, Throwable failure) {
    var error = error(failure);
    json(
        context,
        error.code().status(),
        Map.of("error_code", error.code().name(), "message", error.getMessage()));
  }

  private static MlflowError error(Throwable failure) {
    if (failure instanceof MlflowError known) {
      return known;
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

  private static void json(RoutingContext context, int status, Object body) {
    var response = context.response();
    if (response.ended() || response.closed()) {
      return;
    }
    response
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(Buffer.buffer(MlflowJson.bytes(body)));
  }

  private static void wrongMethod(RoutingContext context) {
    context
        .response()
        .setStatusCode(405)
        .putHeader("Content-Type", "text/plain")
        .end("Method Not Allowed");
  }

  /// Clients take a 404 that is no JSON as "this server does not have that call".
  private static void unknown(RoutingContext context) {
    context
        .response()
        .setStatusCode(404)
        .putHeader("Content-Type", "text/plain")
        .end("Not Found: no call of the MLflow protocol has this address and method.");
  }
}

package dev.pipewright.tracker.mlflow.wire;

import io.quarkus.arc.All;
import io.quarkus.virtual.threads.VirtualThreads;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.regex.Pattern;

/// Mounts the protocol's addresses. They bypass JAX-RS: each is served under two prefixes and
/// answers errors in MLflow's form, and an address that is not known answers without JSON, from
/// which clients tell an older server.
@ApplicationScoped
class MlflowServer {
  private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+)}");
  private static final Set<HttpMethod> WITH_TYPED_BODY = Set.of(HttpMethod.POST, HttpMethod.PUT);
  // Content is streamed, which JAX-RS does.
  private static final Pattern FILES =
      Pattern.compile(
          "/(api|ajax-api)/2\\.0/(mlflow-artifacts/(artifacts|mpu/part)/.+"
              + "|mlflow/(upload-artifact|get-trace-artifact|logged-models/[^/]+/artifacts/files))");
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
      var raw = route.raw();
      var answer = route.answer();
      var mounted = route(router, route.path()).method(route.method()).order(ORDER);
      if (raw != null) {
        mounted.handler(raw);
      } else if (answer != null) {
        mounted.handler(context -> read(context, answer));
      }
    }
    routes.all().stream()
        .map(Routes.Route::path)
        .distinct()
        .forEach(path -> route(router, path).order(ORDER + 1).handler(MlflowServer::wrongMethod));
    for (var prefix : List.of("/api/2.0/*", "/api/3.0/*", "/ajax-api/*")) {
      router.route(prefix).order(ORDER + 2).handler(MlflowServer::unknown);
    }
  }

  private static Route route(Router router, String path) {
    return path.endsWith(Routes.REST)
        ? router.routeWithRegex(
            Pattern.quote(path.substring(0, path.length() - Routes.REST.length())) + "(?<path>.+)")
        : router.route(PARAMETER.matcher(path).replaceAll(":$1"));
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
    var error = MlflowError.of(failure);
    json(
        context,
        error.code().status(),
        Map.of("error_code", error.code().name(), "message", error.getMessage()));
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
    if (FILES.matcher(context.normalizedPath()).matches()) {
      context.next();
      return;
    }
    context
        .response()
        .setStatusCode(404)
        .putHeader("Content-Type", "text/plain")
        .end("Not Found: no call of the MLflow protocol has this address and method.");
  }
}

package dev.pipewright.tracker.mlflow.wire;

import dev.pipewright.contract.Digests;
import dev.pipewright.tracker.run.RunArrivals;
import io.quarkus.arc.All;
import io.quarkus.virtual.threads.VirtualThreads;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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
  private final Repeats repeats;
  private final RunArrivals arrivals;
  private final ExecutorService threads;

  MlflowServer(
      @All List<Routes.Family> families,
      Repeats repeats,
      RunArrivals arrivals,
      @VirtualThreads ExecutorService threads) {
    this.families = families;
    this.repeats = repeats;
    this.arrivals = arrivals;
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
        mounted.handler(context -> read(context, route.repeat(), answer));
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

  private void read(RoutingContext context, Repeat repeat, Routes.Answer answer) {
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
        .onSuccess(body -> {
          Reading reading =
              () -> {
                checkType(context);
                return Call.ofBody(context.pathParams(), body.getBytes(), request.headers());
              };
          if (repeat == Repeat.IS_HARMLESS) {
            dispatch(context, answer, reading);
          } else {
            dispatchOnce(context, repeat, answer, reading, body);
          }
        })
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
        json(context, 200, bytes(answerPatiently(answer, reading.call())));
      } catch (Throwable failure) {
        fail(context, failure);
      }
    });
  }

  /// The run of something that began just now may be on its way.
  private @Nullable Object answerPatiently(Routes.Answer answer, Call call) throws Exception {
    try {
      return answer.to(call);
    } catch (MlflowError e) {
      if (e.unknownRun() == null || !arrivals.await(e.unknownRun())) {
        throw e;
      }
      return answer.to(call);
    }
  }

  private void dispatchOnce(
      RoutingContext context, Repeat repeat, Routes.Answer answer, Reading reading, Buffer body) {
    var client = new Connected(context.response(), context.vertx().getOrCreateContext());
    threads.execute(() -> {
      Call call;
      try {
        call = reading.call();
      } catch (Throwable failure) {
        fail(context, failure);
        return;
      }
      var attempt = repeats.begin(digest(context, body), client);
      var end = Future.<Void>failedFuture("no answer was sent");
      try {
        end = json(context, 200, repeats.answer(attempt, repeat, () -> bytes(answer.to(call))));
      } catch (Repeats.HungUp e) {
        // Nobody is there to be told.
      } catch (Throwable failure) {
        fail(context, failure);
      } finally {
        end.onComplete(how -> attempt.end(how.succeeded()));
      }
    });
  }

  /// What a client sends again is the same to the last byte.
  private static UUID digest(RoutingContext context, Buffer body) {
    var digest = Digests.sha256();
    digest.update(
        (context.request().method() + " " + context.request().uri() + "\n")
            .getBytes(StandardCharsets.UTF_8));
    digest.update(body.getBytes());
    var half = ByteBuffer.wrap(digest.digest());
    return new UUID(half.getLong(), half.getLong());
  }

  /// @param loop what reads from the client
  private record Connected(HttpServerResponse response, Context loop) implements Repeats.Client {
    @Override
    public boolean isGone() {
      return response.closed();
    }

    /// The loop reads from all its connections before it looks at the clock again.
    @Override
    public void afterNews(Runnable then) {
      loop.runOnContext(start -> loop.owner().setTimer(1, id -> then.run()));
    }
  }

  private static byte[] bytes(@Nullable Object result) {
    return MlflowJson.bytes(result == null ? Map.of() : result);
  }

  /// Answers a failure in the protocol's form.
  static void fail(RoutingContext context, Throwable failure) {
    var error = MlflowError.of(failure);
    json(
        context,
        error.code().status(),
        MlflowJson.bytes(Map.of("error_code", error.code().name(), "message", error.getMessage())));
  }

  /// @return fails when the client hung up
  private static Future<Void> json(RoutingContext context, int status, byte[] body) {
    var response = context.response();
    if (response.ended() || response.closed()) {
      return Future.failedFuture("the client hung up");
    }
    return response
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(Buffer.buffer(body));
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

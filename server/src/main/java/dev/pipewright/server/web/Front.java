package dev.pipewright.server.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Set;

/// Stands before everything else. There is no authentication yet, so what keeps other web sites
/// from using a visitor's browser against this server is here: a request must name a loopback host
/// (a foreign name that was made to point at this machine is refused), and one that a page sends
/// must come from this server's own pages.
@ApplicationScoped
class Front {
  private static final int FIRST = 1_000;
  private static final int BEFORE_ROUTES = 100;
  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

  void register(@Observes Filters filters) {
    filters.register(this::guard, FIRST);
    filters.register(this::page, BEFORE_ROUTES);
  }

  private void guard(RoutingContext context) {
    var request = context.request();
    var host = request.authority() == null ? null : request.authority().host();
    if (host == null || !LOOPBACK.contains(host)) {
      refuse(
          context,
          "The request is for the host '" + host + "', which is not this machine's loopback.");
      return;
    }
    var origin = request.getHeader("Origin");
    if (origin != null && !sameOrigin(origin, request)) {
      refuse(context, "The request comes from a page of '" + origin + "'.");
      return;
    }
    context.response().putHeader("X-Content-Type-Options", "nosniff");
    context.response().putHeader("Referrer-Policy", "same-origin");
    context.next();
  }

  private static boolean sameOrigin(String origin, HttpServerRequest request) {
    try {
      var from = new URI(origin);
      int port = from.getPort() == -1 ? 80 : from.getPort();
      return from.getHost() != null
          && LOOPBACK.contains(from.getHost())
          && port == request.authority().port();
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /// Every address of the web UI is the same page, which then looks at the address itself.
  private void page(RoutingContext context) {
    var request = context.request();
    var path = request.path();
    if (isPage(request, path)) {
      context.response().putHeader("Cache-Control", "no-cache");
      context
          .response()
          .putHeader(
              "Content-Security-Policy",
              "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
                  + " frame-ancestors 'none'");
      if (!path.equals("/index.html")) {
        context.reroute("/index.html");
        return;
      }
    }
    context.next();
  }

  private static boolean isPage(HttpServerRequest request, String path) {
    if (path.equals("/index.html")) {
      return true;
    }
    var accept = request.getHeader("Accept");
    boolean read =
        HttpMethod.GET.equals(request.method()) || HttpMethod.HEAD.equals(request.method());
    boolean ofApi =
        path.startsWith("/api/")
            || path.startsWith("/docs/")
            || path.equals("/q")
            || path.startsWith("/q/");
    // A model's name, unlike a file, may hold a dot and still be a page.
    boolean file =
        path.startsWith("/assets/")
            || !path.startsWith("/models/") && path.lastIndexOf('.') > path.lastIndexOf('/');
    return read && accept != null && accept.contains("text/html") && !ofApi && !file;
  }

  private static void refuse(RoutingContext context, String detail) {
    answer(context, Problem.of(ProblemCode.FORBIDDEN_ORIGIN, detail));
  }

  private static void answer(RoutingContext context, Problem problem) {
    String body;
    try {
      body = Json.MAPPER.writeValueAsString(problem);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a problem did not become JSON", e);
    }
    context
        .response()
        .setStatusCode(problem.status())
        .putHeader("Content-Type", "application/problem+json")
        .end(body);
  }
}

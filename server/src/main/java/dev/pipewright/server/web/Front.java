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
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/// Stands before everything else. There is no authentication yet, so what keeps other web sites
/// from using a visitor's browser against this server is here: a request must name a loopback host
/// (a foreign name that was made to point at this machine is refused), and one that a page sends
/// must come from this server's own pages.
@ApplicationScoped
class Front {
  private static final int FIRST = 1_000;
  private static final int BEFORE_ROUTES = 100;
  private static final int HTTP_PORT = 80;
  private static final Pattern UPLOAD =
      Pattern.compile(
          "/api/v1/blobs/|/(api|ajax-api)/2\\.0/mlflow-artifacts/(artifacts|mpu/part)/");

  /// Messages from other systems come in through whatever name a proxy has; what they may do is
  /// told by their signature, which no page in a visitor's browser can make.
  private static final Pattern HOOK = Pattern.compile("/api/v1/triggers/[^/]+/hook");

  private static final long LARGEST_BODY = 16 * 1024 * 1024;

  void register(@Observes Filters filters) {
    filters.register(this::guard, FIRST);
    filters.register(this::page, BEFORE_ROUTES);
  }

  private void guard(RoutingContext context) {
    var request = context.request();
    var host = request.authority() == null ? null : request.authority().host();
    if (!isHook(request) && (host == null || !isLoopback(host))) {
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
    if (request.uri().contains("%00")) {
      answer(context, Problem.of(ProblemCode.BAD_REQUEST, "The address holds a NUL character."));
      return;
    }
    if (!isUpload(request) && tooLarge(context, request)) {
      return;
    }
    context.response().putHeader("X-Content-Type-Options", "nosniff");
    context.response().putHeader("Referrer-Policy", "same-origin");
    context.next();
  }

  private static boolean sameOrigin(String origin, HttpServerRequest request) {
    try {
      var from = new URI(origin);
      int to = request.authority().port();
      return from.getHost() != null
          && isLoopback(from.getHost())
          && (from.getPort() == -1 ? HTTP_PORT : from.getPort()) == (to == -1 ? HTTP_PORT : to);
    } catch (URISyntaxException e) {
      return false;
    }
  }

  /// Names are not looked up: whoever rules a name may point it anywhere.
  private static boolean isLoopback(String host) {
    var name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    if (name.equals("localhost")) {
      return true;
    }
    if (!name.contains(":") && !name.matches("[0-9.]+")) {
      return false;
    }
    try {
      return InetAddress.getByName(name).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /// Only contents are streamed; any other body is read into memory.
  private static boolean isUpload(HttpServerRequest request) {
    return HttpMethod.PUT.equals(request.method()) && UPLOAD.matcher(request.path()).lookingAt();
  }

  private static boolean isHook(HttpServerRequest request) {
    return HttpMethod.POST.equals(request.method()) && HOOK.matcher(request.path()).matches();
  }

  private static boolean tooLarge(RoutingContext context, HttpServerRequest request) {
    var length = request.getHeader("Content-Length");
    if (length != null && length.length() <= 18 && Long.parseLong(length) <= LARGEST_BODY) {
      return false;
    }
    if (length == null && request.getHeader("Transfer-Encoding") == null) {
      return false;
    }
    answer(
        context,
        Problem.of(
            ProblemCode.PAYLOAD_TOO_LARGE,
            "The body has "
                + (length == null ? "no stated length" : length + " bytes")
                + "; this address takes bodies of up to "
                + LARGEST_BODY
                + " bytes, with a Content-Length."));
    return true;
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
            || path.startsWith("/ajax-api/")
            || path.equals("/get-artifact")
            || path.equals("/model-versions/get-artifact")
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

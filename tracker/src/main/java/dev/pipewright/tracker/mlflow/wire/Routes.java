package dev.pipewright.tracker.mlflow.wire;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The addresses that are answered, as the families of calls name them.
public final class Routes {
  /// At the end of an address: whatever follows is the parameter `path`.
  static final String REST = "{path...}";

  /// Answers a call; runs on a virtual thread of its own.
  @FunctionalInterface
  public interface Answer {
    /// @return what becomes the JSON answer; null for `{}`
    @Nullable Object to(Call call) throws Exception;
  }

  /// Gives the addresses of one family of calls.
  @FunctionalInterface
  public interface Family {
    void addTo(Routes routes);
  }

  /// @param repeat what becomes of it when it comes again
  public record Route(
      HttpMethod method,
      String path,
      Repeat repeat,
      @Nullable Answer answer,
      @Nullable Handler<RoutingContext> raw) {}

  private final List<Route> routes = new ArrayList<>();

  public Routes get(String path, Answer answer) {
    return add(HttpMethod.GET, path, Repeat.IS_HARMLESS, answer);
  }

  public Routes post(String path, Answer answer) {
    return post(path, Repeat.IS_HARMLESS, answer);
  }

  /// @param repeat other than harmless, all that the answer does is one transaction on its thread
  public Routes post(String path, Repeat repeat, Answer answer) {
    return add(HttpMethod.POST, path, repeat, answer);
  }

  public Routes patch(String path, Answer answer) {
    return add(HttpMethod.PATCH, path, Repeat.IS_HARMLESS, answer);
  }

  public Routes delete(String path, Answer answer) {
    return delete(path, Repeat.IS_HARMLESS, answer);
  }

  /// @param repeat other than harmless, all that the answer does is one transaction on its thread
  public Routes delete(String path, Repeat repeat, Answer answer) {
    return add(HttpMethod.DELETE, path, repeat, answer);
  }

  /// @param path from the protocol's version on, with `{names}`, and `{path...}` for all that
  ///   follows: `2.0/mlflow/runs/create`. Served under `/api` (clients) and `/ajax-api` (pages).
  ///   One that starts with a slash is the whole address.
  private Routes add(HttpMethod method, String path, Repeat repeat, Answer answer) {
    if (path.startsWith("/")) {
      routes.add(new Route(method, path, repeat, answer, null));
      return this;
    }
    for (var prefix : List.of("/api/", "/ajax-api/")) {
      routes.add(new Route(method, prefix + path, repeat, answer, null));
    }
    return this;
  }

  /// A whole address that answers what it likes, on the event loop, before the body is read.
  public Routes raw(HttpMethod method, String path, Handler<RoutingContext> handler) {
    routes.add(new Route(method, path, Repeat.IS_HARMLESS, null, handler));
    return this;
  }

  public List<Route> all() {
    return routes;
  }
}

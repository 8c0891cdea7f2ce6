package dev.pipewright.platform;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.util.Optional;

/// Settings that both parts read. Set by the server's start-up, or from outside as `PIPEWRIGHT_…`.
@ConfigMapping(prefix = "pipewright")
public interface PlatformConfig {
  /// The folder with all state.
  Path home();

  Kafka kafka();

  /// Where tasks find the server.
  @WithDefault("http://127.0.0.1:${quarkus.http.port:8080}")
  String url();

  /// The folder with the class paths of server, broker and runner; empty in tests.
  Optional<Path> lib();

  /// The broker.
  interface Kafka {
    /// `host:port`, comma-separated.
    String bootstrap();
  }
}

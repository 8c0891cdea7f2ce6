package dev.pipewright.platform;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
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

  Blobs blobs();

  /// Where contents are kept.
  interface Blobs {
    @WithDefault("local")
    Store store();

    Optional<String> bucket();

    /// Within the bucket; empty for all of it.
    Optional<String> prefix();

    /// Of a server that speaks S3; without it, Amazon's.
    Optional<URI> endpoint();

    @WithDefault("us-east-1")
    String region();

    /// Whether the bucket is in the path of an address, not in its host.
    @WithDefault("false")
    boolean pathStyle();

    /// How long content is kept that nothing refers to: it may be uploaded before what refers to
    /// it.
    @WithDefault("24h")
    Duration grace();
  }

  /// A kind of store.
  enum Store {
    LOCAL,
    S3
  }

  /// The broker.
  interface Kafka {
    /// `host:port`, comma-separated.
    String bootstrap();
  }
}

package dev.pipewright.server;

import dev.pipewright.embedded.TestKafka;
import dev.pipewright.embedded.TestPostgres;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;

/// The real database and the real broker under a server in a test.
public class RealParts implements QuarkusTestResourceLifecycleManager {
  @Override
  public Map<String, String> start() {
    try {
      return Map.of(
          "quarkus.datasource.jdbc.url", TestPostgres.shared().newDatabase(),
          "pipewright.kafka.bootstrap", TestKafka.shared().bootstrap(),
          "pipewright.home", Files.createTempDirectory("pipewright-test-home").toString(),
          "quarkus.http.test-port", "0");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stop() {
    // Both end with the JVM.
  }
}

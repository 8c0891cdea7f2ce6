package dev.pipewright.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// For tests: one real broker a JVM, on a folder of its own. It ends with the JVM, however that
/// ends.
public final class TestKafka {
  private final EmbeddedKafka kafka;

  private static final class Shared {
    static final TestKafka INSTANCE = new TestKafka();
  }

  private TestKafka() {
    var lib = System.getProperty("pipewright.kafka.lib");
    if (lib == null) {
      throw new IllegalStateException("the build sets pipewright.kafka.lib; run through ./mvnw");
    }
    try {
      var folder = Files.createTempDirectory("pipewright-test-kafka");
      Watchdog.over(folder);
      this.kafka = EmbeddedKafka.start(folder, Path.of(lib), Progress.SILENT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static TestKafka shared() {
    return Shared.INSTANCE;
  }

  /// `host:port`
  public String bootstrap() {
    return kafka.bootstrap();
  }

  /// The broker itself, for tests of what happens when it dies.
  public EmbeddedKafka broker() {
    return kafka;
  }
}

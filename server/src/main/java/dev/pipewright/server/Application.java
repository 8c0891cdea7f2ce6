package dev.pipewright.server;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;

/// What Quarkus runs: it is called when every part has started and the port is open.
public final class Application implements QuarkusApplication {
  @Override
  public int run(String... args) {
    Startup.ready();
    Quarkus.waitForExit();
    return 0;
  }
}

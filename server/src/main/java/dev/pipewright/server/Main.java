package dev.pipewright.server;

import io.quarkus.runtime.annotations.QuarkusMain;

/// Where the JVM enters; [Startup] does the work.
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    System.exit(Startup.run(args));
  }
}

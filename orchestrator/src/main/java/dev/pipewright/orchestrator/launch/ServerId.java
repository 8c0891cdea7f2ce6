package dev.pipewright.orchestrator.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/// Who a server is among those that work on one database. It stays the same for as long as the home
/// folder does, so that a server that comes back finds the attempts it launched.
final class ServerId {
  private ServerId() {}

  static String of(Path home) throws IOException {
    var file = home.resolve("server.id");
    if (!Files.exists(file)) {
      Files.createDirectories(home);
      var fresh = Files.createTempFile(home, "server", ".id");
      Files.writeString(fresh, UUID.randomUUID().toString());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return Files.readString(file).strip();
  }
}

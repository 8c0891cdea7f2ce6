package dev.pipewright.server;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Finding out about the port before anything is started.
final class LoopbackPort {
  private static final String LISTENING = "0A";

  private LoopbackPort() {}

  /// The port if it is free; for 0, one that is.
  ///
  /// @throws ProblemException PORT_IN_USE, with who has it where that can be seen
  static int claim(InetAddress host, int port) {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw inUse(port, String.valueOf(e.getMessage()));
    }
  }

  static ProblemException inUse(int port, String why) {
    var owner = owner(port);
    var detail =
        owner
            .map(process -> "Port %d is used by %s.".formatted(port, process))
            .orElse("Port %d cannot be listened on: %s.".formatted(port, why));
    return new ProblemException(
        ProblemCode.PORT_IN_USE,
        detail,
        "Stop that program, or choose another port: PIPEWRIGHT_PORT=%d ./pipewright up"
            .formatted(port < 65_535 ? port + 1 : 8080));
  }

  /// Who listens on the port, `process 12 (/usr/bin/nginx)`; empty where the system does not tell.
  static Optional<String> owner(int port) {
    try {
      var sockets = listeners(port);
      if (sockets.isEmpty()) {
        return Optional.empty();
      }
      return ProcessHandle.allProcesses()
          .filter(process -> holdsAny(process, sockets))
          .findFirst()
          .map(process ->
              "process %d (%s)"
                  .formatted(process.pid(), process.info().command().orElse("of another user")));
    } catch (IOException e) {
      // There is no /proc here; the message does without the name.
      return Optional.empty();
    }
  }

  private static Set<String> listeners(int port) throws IOException {
    var suffix = ":" + "%04X".formatted(port).toUpperCase(Locale.ROOT);
    var sockets = new HashSet<String>();
    for (var table : List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"))) {
      if (!Files.isReadable(table)) {
        continue;
      }
      for (var line : Files.readAllLines(table)) {
        var columns = List.of(line.strip().split("\\s+", -1));
        if (columns.size() > 9
            && columns.get(1).endsWith(suffix)
            && columns.get(3).equals(LISTENING)) {
          sockets.add("socket:[" + columns.get(9) + "]");
        }
      }
    }
    return sockets;
  }

  private static boolean holdsAny(ProcessHandle process, Set<String> sockets) {
    try (var open = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
      return open.anyMatch(file -> {
        try {
          return sockets.contains(Files.readSymbolicLink(file).toString());
        } catch (IOException e) {
          return false; // closed in the meantime
        }
      });
    } catch (IOException | UncheckedIOException e) {
      return false; // ended in the meantime, or another user's
    }
  }
}

package dev.pipewright.embedded;

import dev.pipewright.contract.home.PrivateFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/// Loopback ports that a process keeps over its restarts, remembered in a file.
final class Ports {
  // Below the range from which systems take the ports of outgoing connections, so that a port
  // which was free yesterday is not in passing use today.
  private static final int FIRST = 20_000;
  private static final int LAST = 32_000;

  private Ports() {}

  /// The ports in the file where all of them are free, otherwise others that are.
  static List<Integer> claim(Path file, int count) throws IOException {
    var known = read(file);
    if (known.size() == count && known.stream().allMatch(Ports::free)) {
      return known;
    }
    return change(file, count);
  }

  /// Other ports than the ones in the file.
  static List<Integer> change(Path file, int count) throws IOException {
    var old = read(file);
    var chosen = new ArrayList<Integer>();
    while (chosen.size() < count) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
      if (!old.contains(port) && !chosen.contains(port) && free(port)) {
        chosen.add(port);
      }
    }
    PrivateFile.write(
        file, chosen.stream().map(String::valueOf).collect(Collectors.joining(" ")) + "\n");
    return List.copyOf(chosen);
  }

  static List<Integer> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    var ports = new ArrayList<Integer>();
    for (var word : List.of(Files.readString(file).strip().split("\\s+", -1))) {
      if (word.matches("[0-9]{1,5}")) {
        ports.add(Integer.parseInt(word));
      }
    }
    return ports;
  }

  static boolean free(int port) {
    try (var socket = new ServerSocket()) {
      // Linux lets us bind beside connections that are only waiting to be forgotten.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static Socket connect(int port, int timeoutMillis) throws IOException {
    var socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeoutMillis);
      socket.setSoTimeout(timeoutMillis);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }
}

package dev.pipewright.tracker.webhook;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/// Tells addresses of the internet from those of private networks, machines and tests, as the
/// registries of special addresses have them.
final class PublicAddress {
  private static final List<Block> NOT_PUBLIC =
      List.of(
          block("0.0.0.0", 8),
          block("10.0.0.0", 8),
          block("100.64.0.0", 10),
          block("127.0.0.0", 8),
          block("169.254.0.0", 16),
          block("172.16.0.0", 12),
          block("192.0.0.0", 24),
          block("192.0.2.0", 24),
          block("192.168.0.0", 16),
          block("198.18.0.0", 15),
          block("198.51.100.0", 24),
          block("203.0.113.0", 24),
          block("224.0.0.0", 4),
          block("240.0.0.0", 4),
          block("::", 128),
          block("::1", 128),
          block("64:ff9b:1::", 48),
          block("100::", 64),
          block("2001::", 23),
          block("2001:db8::", 32),
          block("3fff::", 20),
          block("fc00::", 7),
          block("fe80::", 10),
          block("fec0::", 10),
          block("ff00::", 8));

  private static final Block SIX_TO_FOUR = block("2002::", 16);
  private static final Block NAT64 = block("64:ff9b::", 96);
  private static final Block COMPATIBLE = block("::", 96);

  private PublicAddress() {}

  private record Block(byte[] start, int bits) {
    boolean has(byte[] address) {
      if (address.length != start.length) {
        return false;
      }
      for (int i = 0; i < bits; i++) {
        int mask = 0x80 >> (i % 8);
        if ((address[i / 8] & mask) != (start[i / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  private static Block block(String start, int bits) {
    try {
      return new Block(InetAddress.ofLiteral(start).getAddress(), bits);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(start, e);
    }
  }

  static boolean is(InetAddress address) {
    var bytes = embedded(address);
    return NOT_PUBLIC.stream().noneMatch(block -> block.has(bytes));
  }

  /// This machine itself.
  static boolean isLoopback(InetAddress address) {
    try {
      return InetAddress.getByAddress(embedded(address)).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has an unknown length", e);
    }
  }

  /// The IPv4 address that an IPv6 one only carries, so that a private one cannot hide in it.
  private static byte[] embedded(InetAddress address) {
    var bytes = address.getAddress();
    if (address instanceof Inet4Address) {
      return bytes;
    }
    if (SIX_TO_FOUR.has(bytes)) {
      return Arrays.copyOfRange(bytes, 2, 6);
    }
    boolean compatible =
        COMPATIBLE.has(bytes) && !address.isAnyLocalAddress() && !address.isLoopbackAddress();
    return NAT64.has(bytes) || compatible ? Arrays.copyOfRange(bytes, 12, 16) : bytes;
  }
}

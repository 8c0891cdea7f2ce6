package dev.pipewright.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class LoopbackPortTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  @Test
  void isChosenForZero() {
    int port = LoopbackPort.claim(LOOPBACK, 0);
    assertThat(port).isPositive();
    assertThat(LoopbackPort.claim(LOOPBACK, port)).isEqualTo(port);
  }

  @Test
  void isRefusedWhenItIsTaken() throws IOException {
    try (var taken = new ServerSocket(0, 1, LOOPBACK)) {
      assertThatThrownBy(() -> LoopbackPort.claim(LOOPBACK, taken.getLocalPort()))
          .isInstanceOf(ProblemException.class)
          .hasMessageStartingWith("PORT_IN_USE: Port " + taken.getLocalPort());
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void hasAnOwner() throws IOException {
    try (var taken = new ServerSocket(0, 1, LOOPBACK)) {
      assertThat(LoopbackPort.owner(taken.getLocalPort()))
          .hasValueSatisfying(
              owner -> assertThat(owner).startsWith("process " + ProcessHandle.current().pid()));
    }
  }
}

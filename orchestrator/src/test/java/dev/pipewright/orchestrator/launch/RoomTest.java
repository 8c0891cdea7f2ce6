package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.orchestrator.launch.Room.Machine;
import dev.pipewright.orchestrator.launch.Room.Share;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RoomTest {
  private static final long GIB = 1L << 30;
  private static final Share CORE = new Share(1, 0, 0);

  private final Room room = new Room(new Machine(4, 8 * GIB, 2));

  private UUID letIn(Share share) {
    var attempt = UUID.randomUUID();
    return room.new Queue().letIn(attempt, share) ? attempt : null;
  }

  @Test
  void asManyAsThereAreCores() {
    for (int i = 0; i < 4; i++) {
      assertThat(letIn(CORE)).isNotNull();
    }
    assertThat(letIn(CORE)).isNull();
  }

  @Test
  void whoeverLeavesMakesRoom() {
    var first = letIn(new Share(4, 0, 0));
    assertThat(letIn(CORE)).isNull();
    assertThat(room.leave(first)).isTrue();
    assertThat(room.leave(first)).isFalse();
    assertThat(letIn(CORE)).isNotNull();
  }

  @Test
  void whatIsLargerThanTheMachineGetsAllOfIt() {
    assertThat(letIn(new Share(64, 512 * GIB, 0))).isNotNull();
    assertThat(letIn(CORE)).isNull();
  }

  @Test
  void memoryIsPackedToo() {
    assertThat(letIn(new Share(1, 6 * GIB, 0))).isNotNull();
    assertThat(letIn(new Share(1, 3 * GIB, 0))).isNull();
    assertThat(letIn(new Share(1, 2 * GIB, 0))).isNotNull();
  }

  @Test
  void eachGpuIsOneTasksAlone() {
    var first = letIn(new Share(1, 0, 1));
    var second = letIn(new Share(1, 0, 1));
    assertThat(room.gpus(first)).containsExactly(0);
    assertThat(room.gpus(second)).containsExactly(1);
    assertThat(letIn(new Share(1, 0, 1))).isNull();
    room.leave(first);
    assertThat(room.gpus(letIn(new Share(1, 0, 1)))).containsExactly(0);
  }

  @Test
  void aLargeOneIsNotKeptOutBySmallOnesBehindIt() {
    assertThat(letIn(CORE)).isNotNull();
    var queue = room.new Queue();
    assertThat(queue.letIn(UUID.randomUUID(), new Share(4, 0, 0))).isFalse();
    assertThat(queue.letIn(UUID.randomUUID(), CORE)).as("behind it").isFalse();
    assertThat(queue.isClosed()).isTrue();
  }

  @Test
  void oneThatWaitsForAGpuHoldsBackOnlyThoseThatWantOne() {
    assertThat(letIn(new Share(1, 0, 2))).isNotNull();
    var queue = room.new Queue();
    assertThat(queue.letIn(UUID.randomUUID(), new Share(1, 0, 1))).isFalse();
    assertThat(queue.letIn(UUID.randomUUID(), new Share(1, 0, 1))).isFalse();
    assertThat(queue.letIn(UUID.randomUUID(), CORE)).isTrue();
  }

  @Test
  void whatRunsAlreadyHasItsShareAndItsDevices() {
    var adopted = UUID.randomUUID();
    room.adopt(adopted, new Share(3, 0, 1), List.of(1));
    assertThat(room.gpus(letIn(new Share(1, 0, 1)))).containsExactly(0);
    assertThat(letIn(CORE)).isNull();
    room.keepOnly(Set.of());
    assertThat(letIn(new Share(4, 8 * GIB, 2))).isNotNull();
  }

  @Test
  void manySmallSharesAddUpToAWhole() {
    for (int i = 0; i < 40; i++) {
      assertThat(letIn(new Share(0.1, 0, 0))).as("share %d", i).isNotNull();
    }
    assertThat(letIn(new Share(0.1, 0, 0))).isNull();
  }
}

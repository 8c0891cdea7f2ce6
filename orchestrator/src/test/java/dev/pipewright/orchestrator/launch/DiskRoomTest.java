package dev.pipewright.orchestrator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DiskRoomTest {
  private long free;
  private final DiskRoom disk = new DiskRoom(Path.of("/data/work"), () -> free);

  @Test
  void aFullDiskSaysWhatIsToBeDone() {
    free = DiskRoom.LEAST - 1;
    disk.look();
    assertThat(disk.isFull()).isTrue();
    assertThat(disk.obstacle()).contains("/data/work", "full", "32 MiB");

    free = DiskRoom.LEAST;
    disk.look();
    assertThat(disk.isFull()).isFalse();
    assertThat(disk.obstacle()).isNull();
  }
}

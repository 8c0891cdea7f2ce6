package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.task.TaskLaunch.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a folder that looks like a control group: what a kernel does with it needs a delegated one.
class CgroupsTest {
  @TempDir Path group;

  private Cgroups delegated() throws IOException {
    Files.writeString(group.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
    Files.writeString(group.resolve("cgroup.subtree_control"), "cpu memory\n");
    return Cgroups.below(group);
  }

  @Test
  void limitsAreWrittenAsTheKernelReadsThem() throws IOException {
    var made = delegated().create("a1", new Limits(1.5, 1L << 30, List.of()));
    assertThat(made).isEqualTo(group.resolve("pipewright-a1"));
    assertThat(made.resolve("memory.max")).hasContent("1073741824");
    assertThat(made.resolve("cpu.max")).hasContent("150000 100000");
    assertThat(made.resolve("memory.swap.max")).doesNotExist();
  }

  @Test
  void whatIsNotLimitedHasNoGroup() throws IOException {
    assertThat(delegated().create("a1", Limits.NONE)).isNull();
    assertThat(Cgroups.none("why").create("a1", new Limits(1.0, 1L, List.of()))).isNull();
  }

  @Test
  void aGroupWithoutTheControllersIsOfNoUse() throws IOException {
    Files.writeString(group.resolve("cgroup.controllers"), "hugetlb\n");
    var found = Cgroups.below(group);
    assertThat(found.noLimits()).contains("no controllers for cpu and memory");
    assertThat(delegated().noLimits()).isEmpty();
  }

  @Test
  void theKernelSaysWhomItKilledForMemory() throws IOException {
    Files.writeString(group.resolve("memory.events"), "low 0\noom 1\noom_kill 0\n");
    assertThat(Cgroups.killedForMemory(group)).isFalse();
    Files.writeString(group.resolve("memory.events"), "low 0\noom 1\noom_kill 2\n");
    assertThat(Cgroups.killedForMemory(group)).isTrue();
  }
}

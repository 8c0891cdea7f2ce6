package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SystemMetricsTest {
  @Test
  void gpusAreReadFromWhatTheToolSays() throws IOException {
    assertThat(
            Gpus.parse(
                """
                0, 1024, 81559, 37, 98.50, 700.00
                1, 0, 24576, [N/A], [Not Supported], [N/A]
                """))
        .hasSize(7)
        .hasEntrySatisfying(
            "system/gpu_0_memory_usage_megabytes", is -> assertThat(is).isEqualTo(1073.741824))
        .hasEntrySatisfying(
            "system/gpu_0_memory_usage_percentage",
            is -> assertThat(is).isCloseTo(1.2555, within(1e-4)))
        .containsEntry("system/gpu_0_utilization_percentage", 37.0)
        .containsEntry("system/gpu_0_power_usage_watts", 98.5)
        .hasEntrySatisfying(
            "system/gpu_0_power_usage_percentage",
            is -> assertThat(is).isCloseTo(14.0714, within(1e-4)))
        .containsEntry("system/gpu_1_memory_usage_megabytes", 0.0)
        .containsEntry("system/gpu_1_memory_usage_percentage", 0.0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"NVIDIA-SMI has failed because it couldn't communicate with the driver.", "0, 1"})
  void whatIsNoAnswerIsRefused(String said) {
    assertThatThrownBy(() -> Gpus.parse(said)).isInstanceOf(IOException.class);
  }

  @Test
  void memoryAndTrafficAreReadFromProc() throws IOException {
    assertThat(
            Machine.memory(
                List.of(
                    "MemTotal:       16000000 kB",
                    "MemFree:          100000 kB",
                    "MemAvailable:    4000000 kB")))
        .isEqualTo(new Machine.Memory(16_384_000_000L, 4_096_000_000L));
    assertThat(
            Machine.traffic(
                List.of(
                    "Inter-|   Receive             |  Transmit",
                    " face |bytes    packets errs drop fifo frame compressed multicast|bytes packets",
                    "    lo: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0",
                    "  eth0:1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0")))
        .isEqualTo(new Machine.Traffic(1_100, 2_200));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void thisMachineIsMeasured() throws IOException {
    assertThat(new Machine().read())
        .containsKeys(
            "system/system_memory_usage_megabytes",
            "system/system_memory_usage_percentage",
            "system/disk_usage_megabytes",
            "system/disk_usage_percentage",
            "system/disk_available_megabytes",
            "system/network_receive_megabytes",
            "system/network_transmit_megabytes")
        .allSatisfy((key, value) -> assertThat(value).as(key).isNotNegative())
        .allSatisfy((key, value) -> {
          if (key.endsWith("percentage")) {
            assertThat(value).as(key).isLessThanOrEqualTo(100);
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1000", "0.5, 500", "0, 10000", "-1, 10000", "soon, 10000", "NaN, 10000"})
  void theIntervalIsInSeconds(String text, long millis) {
    assertThat(SystemMetrics.interval(Map.of("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", text)))
        .isEqualTo(Duration.ofMillis(millis));
  }
}

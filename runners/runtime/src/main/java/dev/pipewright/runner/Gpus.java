package dev.pipewright.runner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;

/// What NVIDIA's own tool says of the machine's GPUs. A machine without it, or where it fails, is
/// asked once.
final class Gpus {
  private static final Logger LOG = Logger.getLogger(Gpus.class.getName());
  private static final long LONGEST_SECONDS = 5;
  private static final double MEBIBYTE_IN_MEGABYTES = 1.048576;
  private static final List<String> COMMAND =
      List.of(
          "nvidia-smi",
          "--query-gpu=index,memory.used,memory.total,utilization.gpu,power.draw,power.limit",
          "--format=csv,noheader,nounits");

  private boolean off;

  Map<String, Double> read() throws InterruptedException {
    if (off) {
      return Map.of();
    }
    try {
      var process = new ProcessBuilder(COMMAND).redirectErrorStream(true).start();
      process.getOutputStream().close();
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("it did not answer within " + LONGEST_SECONDS + " s");
      }
      var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.exitValue() != 0) {
        throw new IOException(said.strip());
      }
      return parse(said);
    } catch (IOException | NumberFormatException e) {
      off = true;
      LOG.info("no GPU is measured: " + e.getMessage());
      return Map.of();
    }
  }

  /// One line a GPU; what it cannot tell, it says `[N/A]` or `[Not Supported]` for.
  static Map<String, Double> parse(String said) throws IOException {
    var readings = new LinkedHashMap<String, Double>();
    for (var line : said.lines().filter(each -> !each.isBlank()).toList()) {
      var fields = line.split(",", -1);
      if (fields.length != 6) {
        throw new IOException("nvidia-smi said '" + line + "'");
      }
      var gpu = "system/gpu_" + fields[0].strip() + "_";
      var used = number(fields[1]);
      var utilization = number(fields[3]);
      var power = number(fields[4]);
      used.ifPresent(mebibytes ->
          readings.put(gpu + "memory_usage_megabytes", mebibytes * MEBIBYTE_IN_MEGABYTES));
      share(readings, gpu + "memory_usage_percentage", used, number(fields[2]));
      utilization.ifPresent(percent -> readings.put(gpu + "utilization_percentage", percent));
      power.ifPresent(watts -> readings.put(gpu + "power_usage_watts", watts));
      share(readings, gpu + "power_usage_percentage", power, number(fields[5]));
    }
    return readings;
  }

  private static void share(
      Map<String, Double> readings, String key, OptionalDouble part, OptionalDouble whole) {
    if (part.isPresent() && whole.isPresent() && whole.getAsDouble() > 0) {
      readings.put(key, 100 * part.getAsDouble() / whole.getAsDouble());
    }
  }

  private static OptionalDouble number(String field) {
    var text = field.strip();
    return text.startsWith("[")
        ? OptionalDouble.empty()
        : OptionalDouble.of(Double.parseDouble(text));
  }
}

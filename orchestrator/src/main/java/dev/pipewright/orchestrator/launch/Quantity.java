package dev.pipewright.orchestrator.launch;

import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Pattern;

/// An amount of memory as Kubernetes writes it: `4Gi`, `512M`, `1.5G`, `1000000`.
final class Quantity {
  private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)([kKMGTP]i?)?");
  private static final Map<String, Long> UNITS =
      Map.ofEntries(
          Map.entry("k", 1_000L),
          Map.entry("K", 1_000L),
          Map.entry("M", 1_000_000L),
          Map.entry("G", 1_000_000_000L),
          Map.entry("T", 1_000_000_000_000L),
          Map.entry("P", 1_000_000_000_000_000L),
          Map.entry("Ki", 1L << 10),
          Map.entry("ki", 1L << 10),
          Map.entry("Mi", 1L << 20),
          Map.entry("Gi", 1L << 30),
          Map.entry("Ti", 1L << 40),
          Map.entry("Pi", 1L << 50));

  private Quantity() {}

  /// @throws IllegalArgumentException when it is not an amount
  static long bytes(String text) {
    var form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not an amount of memory such as 4Gi");
    }
    long unit = form.group(2) == null ? 1 : UNITS.get(form.group(2));
    return new BigDecimal(form.group(1)).multiply(BigDecimal.valueOf(unit)).longValue();
  }
}

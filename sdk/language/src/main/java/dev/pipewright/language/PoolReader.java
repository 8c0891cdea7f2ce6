package dev.pipewright.language;

import dev.pipewright.contract.Nearest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// Reads what a task takes from pools, and holds it against the pools there are.
final class PoolReader {
  private final Yaml yaml;
  private final @Nullable Map<String, Integer> known;
  private final Violations violations;

  /// @param known the slots of each pool; null where they are not known
  PoolReader(Yaml yaml, @Nullable Map<String, Integer> known, Violations violations) {
    this.yaml = yaml;
    this.known = known;
    this.violations = violations;
  }

  /// The shares by name.
  Map<String, Integer> read(Section section) {
    var pools = new LinkedHashMap<String, Integer>();
    var entry = section.get("pools");
    if (entry == null) {
      return pools;
    }
    var path = section.path("pools");
    if (entry.value() instanceof SequenceNode) {
      for (var item : section.items("pools")) {
        if (!(item instanceof ScalarNode scalar) || Yaml.nothing(item)) {
          section.wrongItem("pools", item, "a pool's name");
        } else if (Section.goodName(
            Naming.POOL, scalar.getValue(), path, Yaml.place(item), violations)) {
          var name = scalar.getValue();
          check(name, pools.merge(name, 1, Integer::sum), path, Yaml.place(item));
        }
      }
      return pools;
    }
    var entries = yaml.entries(entry.value(), path);
    if (entries != null) {
      entries.forEach((name, count) -> {
        var at = Yaml.join(path, name);
        var taken =
            Section.goodName(Naming.POOL, name, at, count.at(), violations)
                ? Section.whole(count.value(), Table.POOL_SHARE, at, violations)
                : null;
        if (taken != null) {
          pools.put(name, taken);
          check(name, taken, at, count.at());
        }
      });
    }
    return pools;
  }

  private void check(String name, int share, String path, Place at) {
    if (known == null) {
      return;
    }
    var slots = known.get(name);
    if (slots == null) {
      var make = "pipewright pools set %s %d".formatted(name, share);
      violations.add(
          "UNKNOWN_POOL",
          "there is no pool '%s'".formatted(name),
          path,
          at,
          Nearest.likely(name, known.keySet())
              .map(near -> "Did you mean '%s'? Otherwise make it: %s".formatted(near, make))
              .orElse("Make it: " + make));
    } else if (share > slots) {
      violations.add(
          "POOL_TOO_SMALL",
          "%d of pool '%s' can never be had: it has %d %s"
              .formatted(share, name, slots, slots == 1 ? "slot" : "slots"),
          path,
          at,
          "Take less, or enlarge it: pipewright pools set %s %d".formatted(name, share));
    }
  }
}

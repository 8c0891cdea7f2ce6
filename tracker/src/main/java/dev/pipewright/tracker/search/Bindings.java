package dev.pipewright.tracker.search;

import java.util.LinkedHashMap;
import java.util.Map;

/// The values of one statement: what users wrote never becomes SQL text.
public final class Bindings {
  private final Map<String, Object> values = new LinkedHashMap<>();

  /// Adds a value and answers its place holder. Arrays are for `= any(…)`.
  public String add(Object value) {
    var name = "v" + values.size();
    values.put(name, value);
    return ":" + name;
  }

  /// For Jdbi's `bindMap`.
  public Map<String, Object> values() {
    return values;
  }
}

package dev.pipewright.client.pipeline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A search for good params: the task runs as trials, whose params are `trial.params.…` in its
/// inputs.
///
/// ```java
/// command("python3", "train.py")
///     .input("lr", expr("trial.params.lr"))
///     .output("loss", ValueType.DOUBLE)
///     .study(Search.minimize("loss", 40).over("lr", Search.real(1e-5, 0.1).log()).parallel(4))
/// ```
public final class Search {
  private final Map<String, Object> keys = new LinkedHashMap<>();

  private Search(String output, String direction, int trials) {
    keys.put("space", new LinkedHashMap<String, Object>());
    keys.put("objective", output);
    keys.put("direction", direction);
    keys.put("trials", (long) trials);
  }

  /// @param output of the task, an int or a double
  public static Search minimize(String output, int trials) {
    return new Search(output, "minimize", trials);
  }

  /// @param output of the task, an int or a double
  public static Search maximize(String output, int trials) {
    return new Search(output, "maximize", trials);
  }

  /// Numbers from low to high, both included.
  public static Values real(double low, double high) {
    return new Values().set("type", "double").set("low", low).set("high", high);
  }

  /// Whole numbers from low to high, both included.
  public static Values whole(long low, long high) {
    return new Values().set("type", "int").set("low", low).set("high", high);
  }

  /// Any of these texts, numbers or bools.
  public static Values anyOf(Object... values) {
    return new Values().set("values", Written.value(List.of(values), "the values"));
  }

  /// One thing to choose.
  public Search over(String param, Values values) {
    Written.once(Written.below(keys, "space"), param, values.keys, "param");
    return this;
  }

  /// How many trials run at once; 1 unless said otherwise.
  public Search parallel(int trials) {
    keys.put("parallel", (long) trials);
    return this;
  }

  /// What proposes params: `tpe` unless said otherwise; `cmaes`, `nsga2`, `grid` or `random`.
  ///
  /// @param settings by the sampler's own names; may be empty
  public Search sampler(String type, Map<String, ?> settings) {
    keys.put("sampler", typed(type, settings));
    return this;
  }

  /// What stops trials early, by the metric that they log: `median`, `percentile`, `halving`,
  /// `asha`, `hyperband` or `patience`.
  ///
  /// @param settings by the pruner's own names; may be empty
  public Search pruner(String type, Map<String, ?> settings) {
    keys.put("pruner", typed(type, settings));
    return this;
  }

  /// The metric that the pruner looks at; called as the output unless said otherwise.
  public Search metric(String name) {
    keys.put("metric", name);
    return this;
  }

  private static Map<String, Object> typed(String type, Map<String, ?> settings) {
    var typed = new LinkedHashMap<String, Object>();
    typed.put("type", type);
    settings.forEach((key, value) -> typed.put(key, Written.value(value, key)));
    return typed;
  }

  /// Decides what is left to chance; 0 unless said otherwise.
  public Search seed(int seed) {
    keys.put("seed", (long) seed);
    return this;
  }

  /// How many trials may fail; all but one unless said otherwise.
  public Search maxFailed(int trials) {
    keys.put("maxFailed", (long) trials);
    return this;
  }

  Map<String, Object> written() {
    return keys;
  }

  /// What a param may be.
  public static final class Values {
    private final Map<String, Object> keys = new LinkedHashMap<>();

    private Values() {}

    private Values set(String key, Object value) {
      keys.put(key, value);
      return this;
    }

    /// Its logarithm is what matters.
    public Values log() {
      return set("log", true);
    }

    /// Only low, low + step, and so on.
    public Values step(Number step) {
      return set("step", Written.value(step, "the step"));
    }

    /// Chosen only where another param is one of these.
    public Values when(String param, Object... values) {
      Written.below(keys, "when").put(param, Written.value(List.of(values), "the condition"));
      return this;
    }
  }
}

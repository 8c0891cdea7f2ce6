package dev.pipewright.client.pipeline;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A pipeline that is being written. Not safe for several threads at once.
public final class Pipeline {
  private final Map<String, Object> keys = new LinkedHashMap<>();
  private final Set<String> tasks = new LinkedHashSet<>();
  private final Set<String> files = new LinkedHashSet<>();

  private Pipeline(String name) {
    keys.put("name", name);
  }

  /// Begins a pipeline.
  ///
  /// @param name lower-case letters, digits and `-`, a letter first, at most 63
  public static Pipeline named(String name) {
    return new Pipeline(name);
  }

  /// For people.
  public Pipeline description(String text) {
    keys.put("description", text);
    return this;
  }

  /// What a run is started with.
  ///
  /// @param name letters, digits and `_`, a letter first
  /// @throws IllegalArgumentException when there is one of this name already
  public Pipeline param(String name, Param param) {
    Written.once(Written.below(keys, "params"), name, param.written(), "param");
    return this;
  }

  /// What a run leaves behind; a pipeline that calls this one sees it, with the expression's type.
  ///
  /// @throws IllegalArgumentException when there is one of this name already
  public Pipeline output(String name, Expr value) {
    Written.once(Written.below(keys, "outputs"), name, value.toString(), "output");
    return this;
  }

  /// Runs with a higher one come first, from -1000 to 1000; 0 unless said otherwise.
  public Pipeline priority(int priority) {
    keys.put("priority", (long) priority);
    return this;
  }

  /// How long a run may take; then it is stopped and has failed.
  ///
  /// @param limit whole milliseconds, at most 366 days
  public Pipeline timeout(Duration limit) {
    keys.put("timeout", Written.span(limit));
    return this;
  }

  /// How many runs there may be at once.
  ///
  /// @param policy other than [Policy#ALLOW], which has no limit
  public Pipeline concurrency(Policy policy, int limit) {
    var concurrency = Written.below(keys, "concurrency");
    concurrency.put("policy", policy.word());
    concurrency.put("limit", (long) limit);
    return this;
  }

  /// Keeps the newest of the runs that have ended, however old they are. Together with
  /// [#keepFor(Duration)] a run goes when neither keeps it.
  public Pipeline keepLast(int runs) {
    Written.below(keys, "retention").put("keepLast", (long) runs);
    return this;
  }

  /// Keeps runs for so long after they have ended.
  ///
  /// @param age whole milliseconds, at most 366 days
  public Pipeline keepFor(Duration age) {
    Written.below(keys, "retention").put("olderThan", Written.span(age));
    return this;
  }

  /// Whether its tasks may take outputs of earlier attempts, where they do not say so themselves;
  /// true unless said otherwise.
  public Pipeline cache(boolean on) {
    keys.put("cache", on);
    return this;
  }

  /// Adds a task.
  ///
  /// @param name lower-case letters, digits and `-`, a letter first, at most 63
  /// @throws IllegalArgumentException when there is one of this name already
  public Pipeline task(String name, Task<?> task) {
    return add("tasks", name, task);
  }

  /// Adds a task that runs when all others have ended, whatever came of them.
  ///
  /// @throws IllegalArgumentException when there is one of this name already
  public Pipeline finallyTask(String name, Task<?> task) {
    return add("finally", name, task);
  }

  private Pipeline add(String key, String name, Task<?> task) {
    if (!tasks.add(name)) {
      throw new IllegalArgumentException("the task '%s' is there already".formatted(name));
    }
    Written.below(keys, key).put(name, task.written());
    if (task.written().get("files") instanceof List<?> listed) {
      listed.forEach(file -> files.add((String) file));
    }
    return this;
  }

  /// The files that its tasks need, as paths below the pipeline's folder.
  public Set<String> files() {
    return Set.copyOf(files);
  }

  /// The document.
  public String toYaml() {
    return Written.yaml(keys);
  }
}

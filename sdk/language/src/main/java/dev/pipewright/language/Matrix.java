package dev.pipewright.language;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs a task once for every combination of some lists; the last axis changes fastest.
///
/// @param axes by name; each gives a list
/// @param maxParallel how many at once; null for no limit
/// @param minSuccess the share of them that must succeed, from 0 to 1
public record Matrix(Map<String, Value> axes, @Nullable Integer maxParallel, double minSuccess) {
  public Matrix {
    axes = Collections.unmodifiableMap(new LinkedHashMap<>(axes));
  }
}

package dev.pipewright.tune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The parameters of a study and how they depend on each other. All that is wrong with a space is
/// thrown at once when it is made.
///
/// Inside, a point of the space is an array of one code a parameter ([Axis]), NaN where the
/// parameter is not active.
public final class SearchSpace {
  private final List<Parameter> parameters;
  private final Axis[] axes;
  private final Condition[][] conditions;
  private final int[][] groups;

  /// That another parameter has one of some codes.
  private record Condition(int parent, double[] codes) {
    boolean holds(double[] point) {
      for (double code : codes) {
        if (code == point[parent]) {
          return true;
        }
      }
      return false;
    }
  }

  private SearchSpace(List<Parameter> parameters) {
    var errors = SpaceRules.check(parameters);
    if (!errors.isEmpty()) {
      throw invalid(errors);
    }
    this.parameters = List.copyOf(parameters);
    axes = parameters.stream().map(Axis::new).toArray(Axis[]::new);
    conditions = parameters.stream().map(this::conditions).toArray(Condition[][]::new);
    groups = group();
  }

  public static SearchSpace of(Parameter... parameters) {
    return new SearchSpace(List.of(parameters));
  }

  public static SearchSpace of(List<? extends Parameter> parameters) {
    return new SearchSpace(List.copyOf(parameters));
  }

  /// Reads an object of one member a parameter: `{"type": "double", "low": 1e-5, "high": 0.1,
  /// "log": true}`, `{"type": "int", "low": 8, "high": 256, "step": 8}` or `{"values": ["a",
  /// "b"]}`, each with `"when": {"other": ["value"]}` where it depends on another one.
  public static SearchSpace read(JsonNode json) {
    var errors = new ArrayList<Problem.Violation>();
    var parameters = SpaceReader.read(json, errors);
    if (!errors.isEmpty()) {
      // what could be read may be wrong too, and all is said at once
      for (var error : SpaceRules.check(parameters)) {
        if (!SpaceRules.mayFollow(error)) {
          errors.add(error);
        }
      }
      throw invalid(errors);
    }
    return new SearchSpace(parameters);
  }

  private static ProblemException invalid(List<Problem.Violation> errors) {
    var first = errors.getFirst().message();
    return new ProblemException(
        Problem.of(
            ProblemCode.SEARCH_SPACE_INVALID,
            errors.size() == 1 ? first : "%d errors; the first: %s".formatted(errors.size(), first),
            errors));
  }

  public ObjectNode toJson() {
    return SpaceReader.write(parameters);
  }

  /// In the order they were given.
  public List<Parameter> parameters() {
    return parameters;
  }

  int size() {
    return axes.length;
  }

  Axis axis(int index) {
    return axes[index];
  }

  /// Parameters that are active together always, parents before those that depend on them.
  int[][] groups() {
    return groups;
  }

  /// Whether a parameter is active in a point that has the codes of its parents already.
  boolean active(int index, double[] point) {
    for (var condition : conditions[index]) {
      if (!condition.holds(point)) {
        return false;
      }
    }
    return true;
  }

  /// The codes of a trial's params.
  ///
  /// @param partial whether active parameters may be missing; then they are NaN too
  double[] encode(Map<String, ?> params, boolean partial) {
    var errors = new ArrayList<Problem.Violation>();
    var point = new double[axes.length];
    Arrays.fill(point, Double.NaN);
    for (var group : groups) {
      for (int i : group) {
        var name = axes[i].parameter.name();
        if (!params.containsKey(name)) {
          if (!partial && active(i, point)) {
            errors.add(SpaceRules.error("MISSING", name, "'%s' is missing".formatted(name), null));
          }
          continue;
        }
        point[i] = axes[i].codeOf(params.get(name));
        if (Double.isNaN(point[i])) {
          errors.add(
              SpaceRules.error(
                  "NOT_IN_DOMAIN",
                  name,
                  "'%s' cannot be %s".formatted(name, params.get(name)),
                  SpaceRules.domain(axes[i].parameter)));
        } else if (!partial && !active(i, point)) {
          errors.add(
              SpaceRules.error(
                  "NOT_ACTIVE", name, "'%s' is not active here".formatted(name), "Leave it out."));
        }
      }
    }
    for (var name : params.keySet()) {
      if (parameters.stream().noneMatch(parameter -> parameter.name().equals(name))) {
        errors.add(
            SpaceRules.error(
                "UNKNOWN_PARAMETER", name, "The space has no '%s'".formatted(name), "Drop it."));
      }
    }
    refuse(errors);
    return point;
  }

  /// The codes of params that somebody wants tried; those that are missing are NaN. None of them
  /// may be dropped when the others are drawn, so what they depend on must be there.
  double[] encodeWanted(Map<String, ?> params) {
    var point = encode(params, true);
    var errors = new ArrayList<Problem.Violation>();
    for (int i = 0; i < axes.length; i++) {
      for (var condition : conditions[i]) {
        if (!Double.isNaN(point[i]) && !condition.holds(point)) {
          var name = axes[i].parameter.name();
          var parent = axes[condition.parent];
          var values = Arrays.stream(condition.codes).mapToObj(parent::value).toList();
          errors.add(
              SpaceRules.error(
                  "NOT_ACTIVE",
                  name,
                  "'%s' is active only where '%s' is one of %s"
                      .formatted(name, parent.parameter.name(), values),
                  "Give that too, or leave '%s' out.".formatted(name)));
        }
      }
    }
    refuse(errors);
    return point;
  }

  private static void refuse(List<Problem.Violation> errors) {
    if (!errors.isEmpty()) {
      throw new ProblemException(
          Problem.of(ProblemCode.TRIAL_INVALID, errors.getFirst().message(), errors));
    }
  }

  /// The active parameters with their values, in the order of the space.
  Map<String, @Nullable Object> decode(double[] point) {
    var params = new LinkedHashMap<String, @Nullable Object>();
    for (int i = 0; i < axes.length; i++) {
      if (!Double.isNaN(point[i])) {
        params.put(axes[i].parameter.name(), axes[i].value(point[i]));
      }
    }
    return params;
  }

  private Condition[] conditions(Parameter parameter) {
    return parameter.when().entrySet().stream()
        .map(entry -> {
          int parent = indexOf(entry.getKey());
          return new Condition(
              parent, entry.getValue().stream().mapToDouble(axes[parent]::codeOf).toArray());
        })
        .toArray(Condition[]::new);
  }

  int indexOf(String name) {
    for (int i = 0; i < axes.length; i++) {
      if (axes[i].parameter.name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private int[][] group() {
    var byCondition = new LinkedHashMap<Map<String, List<@Nullable Object>>, List<Integer>>();
    for (int i : SpaceRules.parentsFirst(parameters)) {
      byCondition.computeIfAbsent(parameters.get(i).when(), _ -> new ArrayList<>()).add(i);
    }
    return byCondition.values().stream()
        .map(group -> group.stream().mapToInt(Integer::intValue).sorted().toArray())
        .toArray(int[][]::new);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SearchSpace space && space.parameters.equals(parameters);
  }

  @Override
  public int hashCode() {
    return parameters.hashCode();
  }

  @Override
  public String toString() {
    return toJson().toString();
  }
}

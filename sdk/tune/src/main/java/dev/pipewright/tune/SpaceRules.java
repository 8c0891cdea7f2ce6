package dev.pipewright.tune;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What must hold between the numbers of a parameter and between parameters.
final class SpaceRules {
  /// Beyond it neighbouring whole numbers are one double.
  private static final long EXACT = 1L << 53;

  /// More parameters than anybody tunes; what is done for each pair of them must end.
  private static final int MOST = 1_000;

  private SpaceRules() {}

  static Problem.Violation error(
      String code, String path, String message, @Nullable String remedy) {
    return new Problem.Violation(code, message, path, null, null, remedy);
  }

  /// Whether the error may only come from another parameter that could not be read.
  static boolean mayFollow(Problem.Violation error) {
    return error.code().equals("WHEN_UNKNOWN") || error.code().equals("SPACE_EMPTY");
  }

  static List<Problem.Violation> check(List<Parameter> parameters) {
    var errors = new ArrayList<Problem.Violation>();
    if (parameters.isEmpty()) {
      errors.add(
          new Problem.Violation(
              "SPACE_EMPTY", "The search space is empty", null, null, null, "Give a parameter."));
    }
    if (parameters.size() > MOST) {
      errors.add(
          new Problem.Violation(
              "SPACE_TOO_LARGE",
              "The search space has %,d parameters".formatted(parameters.size()),
              null,
              null,
              null,
              "Give at most %,d.".formatted(MOST)));
      return errors;
    }
    var byName = new HashMap<String, Parameter>();
    for (var parameter : parameters) {
      if (parameter.name().isBlank()) {
        errors.add(error("NAME_EMPTY", "", "A parameter has no name", "Give it one."));
      } else if (byName.putIfAbsent(parameter.name(), parameter) != null) {
        errors.add(
            error(
                "NAME_TWICE",
                parameter.name(),
                "There are two parameters '%s'".formatted(parameter.name()),
                "Rename one."));
      }
      check(parameter, errors);
    }
    for (var parameter : parameters) {
      parameter
          .when()
          .forEach((parent, values) -> checkWhen(parameter, parent, values, byName, errors));
    }
    var inOrder = new HashSet<>(parentsFirst(parameters));
    for (int i = 0; i < parameters.size(); i++) {
      if (!inOrder.contains(i)) {
        var name = parameters.get(i).name();
        errors.add(
            error(
                "WHEN_CYCLE",
                name + ".when",
                "'%s' depends on itself, by way of others".formatted(name),
                "Break the circle."));
      }
    }
    return errors;
  }

  private static void check(Parameter parameter, List<Problem.Violation> errors) {
    var name = parameter.name();
    switch (parameter) {
      case Parameter.Real real -> {
        if (!Double.isFinite(real.low())
            || !Double.isFinite(real.high())
            || !Double.isFinite(real.high() - real.low())) {
          errors.add(
              error("BOUND_INFINITE", name, "'%s' has no ends".formatted(name), "Set both."));
        } else {
          checkBounds(name, real.low() > real.high(), real.log() && real.low() <= 0, errors);
        }
        if (real.step() != null) {
          boolean countless = !((real.high() - real.low()) / real.step() < EXACT);
          checkStep(
              name, !(real.step() > 0 && real.step() < 1e300) || countless, real.log(), errors);
        }
      }
      case Parameter.Whole whole -> {
        if (Math.abs(whole.low()) > EXACT || Math.abs(whole.high()) > EXACT) {
          errors.add(
              error(
                  "BOUND_TOO_LARGE",
                  name,
                  "'%s' goes beyond 2^53".formatted(name),
                  "Give a narrower range, or type double."));
        } else {
          checkBounds(name, whole.low() > whole.high(), whole.log() && whole.low() < 1, errors);
        }
        checkStep(name, whole.step() < 1, whole.log() && whole.step() != 1, errors);
      }
      case Parameter.Choice choice -> {
        if (choice.values().isEmpty()) {
          errors.add(
              error("VALUES_EMPTY", name, "'%s' has no values".formatted(name), "Give some."));
        }
        var seen = new HashSet<@Nullable Object>();
        for (var value : choice.values()) {
          if (!scalar(value)) {
            errors.add(
                error(
                    "VALUE_NOT_SCALAR",
                    name + ".values",
                    "A value of '%s' is neither text, number, boolean nor null".formatted(name),
                    "Name it by a text and look the rest up by that."));
          } else if (!seen.add(value)) {
            errors.add(
                error(
                    "VALUE_TWICE",
                    name + ".values",
                    "'%s' has the value %s twice".formatted(name, value),
                    "Drop one."));
          }
        }
      }
    }
  }

  private static boolean scalar(@Nullable Object value) {
    return switch (value) {
      case null -> true;
      case Double number -> Double.isFinite(number);
      case String _, Boolean _, Long _ -> true;
      case Object _ -> false;
    };
  }

  private static void checkBounds(
      String name, boolean swapped, boolean logOfNothing, List<Problem.Violation> errors) {
    if (swapped) {
      errors.add(
          error("BOUNDS_SWAPPED", name, "'%s' has low above high".formatted(name), "Swap them."));
    }
    if (logOfNothing) {
      errors.add(
          error(
              "LOG_NOT_POSITIVE",
              name + ".low",
              "'%s' is logarithmic and starts at or below zero".formatted(name),
              "Raise low above zero, or drop log."));
    }
  }

  private static void checkStep(
      String name, boolean unusable, boolean inLog, List<Problem.Violation> errors) {
    if (unusable) {
      errors.add(
          error(
              "STEP_INVALID",
              name + ".step",
              "The step of '%s' is too small".formatted(name),
              "Raise it above zero, to no more than 2^53 steps."));
    }
    if (inLog) {
      errors.add(
          error(
              "LOG_WITH_STEP",
              name + ".step",
              "'%s' has both log and step".formatted(name),
              "Drop one of them."));
    }
  }

  private static void checkWhen(
      Parameter parameter,
      String parent,
      List<@Nullable Object> values,
      Map<String, Parameter> byName,
      List<Problem.Violation> errors) {
    var path = parameter.name() + ".when." + parent;
    var known = byName.get(parent);
    if (known == null) {
      errors.add(
          error(
              "WHEN_UNKNOWN",
              path,
              "'%s' depends on '%s', which is not there".formatted(parameter.name(), parent),
              Nearest.likely(parent, byName.keySet())
                  .map("Did you mean '%s'?"::formatted)
                  .orElse("Name another parameter.")));
      return;
    }
    if (known instanceof Parameter.Real) {
      errors.add(
          error(
              "WHEN_ON_NUMBER",
              path,
              "'%s' depends on '%s', which is a double".formatted(parameter.name(), parent),
              "Depend on a parameter with values, or on an int."));
      return;
    }
    if (values.isEmpty()) {
      errors.add(
          error(
              "WHEN_EMPTY",
              path,
              "'%s' is never active: no value of '%s' is given".formatted(parameter.name(), parent),
              "Give one."));
    }
    if (known instanceof Parameter.Whole whole
        && (whole.step() < 1 || whole.low() > whole.high() || Math.abs(whole.low()) > EXACT)) {
      return; // said already
    }
    var axis = new Axis(known);
    for (var value : values) {
      if (Double.isNaN(axis.codeOf(value))) {
        errors.add(
            error(
                "WHEN_VALUE_UNKNOWN",
                path,
                "'%s' is never %s".formatted(parent, value),
                domain(known)));
      }
    }
  }

  /// What a parameter can be, as a remedy.
  static String domain(Parameter parameter) {
    return switch (parameter) {
      case Parameter.Real real ->
          "Give a number from %s to %s%s."
              .formatted(real.low(), real.high(), real.step() == null ? "" : " by " + real.step());
      case Parameter.Whole whole ->
          "Give a whole number from %d to %d%s."
              .formatted(whole.low(), whole.high(), whole.step() == 1 ? "" : " by " + whole.step());
      case Parameter.Choice choice -> "Give one of %s.".formatted(choice.values());
    };
  }

  /// The indices of parameters, each after those it depends on; without those in a circle and what
  /// depends on them.
  static List<Integer> parentsFirst(List<Parameter> parameters) {
    var order = new ArrayList<Integer>();
    var isPlaced = new boolean[parameters.size()];
    Set<String> placed = new HashSet<>();
    var names = new HashSet<String>();
    parameters.forEach(parameter -> names.add(parameter.name()));
    boolean more = true;
    while (more) {
      more = false;
      for (int i = 0; i < parameters.size(); i++) {
        var parameter = parameters.get(i);
        if (!isPlaced[i]
            && parameter.when().keySet().stream()
                .allMatch(parent -> placed.contains(parent) || !names.contains(parent))) {
          order.add(i);
          isPlaced[i] = true;
          placed.add(parameter.name());
          more = true;
        }
      }
    }
    return order;
  }
}

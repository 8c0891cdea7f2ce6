package dev.pipewright.language;

import java.util.Set;
import java.util.regex.Pattern;

/// What names of one sort look like.
///
/// @param what such as `task`
/// @param rule for people
record Naming(String what, Pattern pattern, String rule) {
  private static final String HYPHENS =
      "Use lower-case letters, digits and '-', a letter first, at most 63.";
  private static final String LETTERS = "Use letters, digits and '_', a letter first, at most 63.";

  static final Naming PIPELINE = hyphens("pipeline");
  static final Naming TASK = hyphens("task");
  static final Naming POOL = hyphens("pool");
  static final Naming PARAM = letters("param");
  static final Naming OUTPUT = letters("output");
  static final Naming AXIS = letters("axis");
  static final Naming INPUT =
      new Naming("input", Pattern.compile("[a-zA-Z][a-zA-Z0-9_-]{0,62}"), LETTERS);
  static final Naming QUESTION = letters("input");
  static final Naming VARIABLE =
      new Naming(
          "variable",
          Pattern.compile("(?!PIPEWRIGHT_)[A-Za-z_][A-Za-z0-9_]{0,254}"),
          "Use letters, digits and '_', and leave PIPEWRIGHT_… to Pipewright.");
  static final Naming SECRET =
      new Naming(
          "secret",
          Pattern.compile("[A-Z][A-Z0-9_]{0,127}"),
          "Use capital letters, digits and '_', a letter first, at most 128.");

  /// What CEL takes for something else than a name.
  private static final Set<String> RESERVED = Set.of("in", "true", "false", "null");

  boolean allows(String name) {
    return pattern.matcher(name).matches() && !RESERVED.contains(name);
  }

  /// What to do about a name that is not allowed.
  String remedy(String name) {
    return RESERVED.contains(name)
        ? "The word means something in expressions; choose another."
        : rule;
  }

  private static Naming hyphens(String what) {
    return new Naming(what, Pattern.compile("[a-z][a-z0-9-]{0,62}"), HYPHENS);
  }

  private static Naming letters(String what) {
    return new Naming(what, Pattern.compile("[a-zA-Z][a-zA-Z0-9_]{0,62}"), LETTERS);
  }
}

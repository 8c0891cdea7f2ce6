package dev.pipewright.client.pipeline;

import dev.pipewright.contract.task.ValueType;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a run is started with, or a person is asked for. Without a default it must be given.
public final class Param {
  private final Map<String, Object> keys = new LinkedHashMap<>();

  private Param(ValueType type) {
    keys.put("type", type.word());
  }

  /// A table or other files to learn from; given as a path, a URI or a reference.
  public static Param dataset() {
    return new Param(ValueType.DATASET);
  }

  /// A model; given as a path, a URI or a reference.
  public static Param model() {
    return new Param(ValueType.MODEL);
  }

  /// Any file or folder; given as a path, a URI or a reference.
  public static Param artifact() {
    return new Param(ValueType.ARTIFACT);
  }

  public static Param string() {
    return new Param(ValueType.STRING);
  }

  /// A whole number of 64 bits.
  public static Param integer() {
    return new Param(ValueType.INT);
  }

  /// A floating-point number of 64 bits.
  public static Param decimal() {
    return new Param(ValueType.DOUBLE);
  }

  public static Param bool() {
    return new Param(ValueType.BOOL);
  }

  /// Any JSON.
  public static Param json() {
    return new Param(ValueType.JSON);
  }

  /// Its value where none is given.
  ///
  /// @param value a text, number, bool, list, map or JSON; no expression
  /// @throws IllegalArgumentException for anything else
  public Param byDefault(Object value) {
    keys.put("default", Written.value(value, "the default"));
    return this;
  }

  /// For people.
  public Param description(String text) {
    keys.put("description", text);
    return this;
  }

  Map<String, Object> written() {
    return keys;
  }
}

package dev.pipewright.tabular.automl;

import java.util.Map;
import java.util.TreeMap;

/// One configuration of one family of models.
///
/// @param name for people, unique among the trials
/// @param params numbers and texts, by the family's own names
record Config(String name, Family family, Encoding encoding, Map<String, Object> params) {
  Config {
    params = Map.copyOf(params);
  }

  Config with(String key, Object value) {
    var changed = new TreeMap<>(params);
    changed.put(key, value);
    return new Config(name, family, encoding, changed);
  }

  Config without(String key) {
    var changed = new TreeMap<>(params);
    changed.remove(key);
    return new Config(name, family, encoding, changed);
  }

  double number(String key, double otherwise) {
    return params.get(key) instanceof Number number ? number.doubleValue() : otherwise;
  }

  int whole(String key, int otherwise) {
    return (int) Math.round(number(key, otherwise));
  }

  String text(String key, String otherwise) {
    return params.get(key) instanceof String text ? text : otherwise;
  }

  boolean flag(String key, boolean otherwise) {
    return params.get(key) instanceof Boolean flag ? flag : otherwise;
  }

  /// The params as texts, for people.
  Map<String, String> texts() {
    var texts = new TreeMap<String, String>();
    params.forEach((key, value) -> texts.put(key, String.valueOf(value)));
    return texts;
  }
}

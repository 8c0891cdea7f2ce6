package dev.pipewright.tracker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import dev.pipewright.contract.Json;
import java.util.Map;
import java.util.TreeMap;

/// Tags, params and the like in a JSON column.
public final class Pairs {
  private static final TypeReference<TreeMap<String, String>> TYPE = new TypeReference<>() {};

  private Pairs() {}

  public static String json(Map<String, String> pairs) {
    try {
      return Json.MAPPER.writeValueAsString(pairs);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("pairs did not become JSON", e);
    }
  }

  /// In order of their keys.
  public static Map<String, String> of(String json) {
    try {
      return Json.MAPPER.readValue(json, TYPE);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored pairs are damaged", e);
    }
  }
}

package dev.pipewright.tracker.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pipewright.contract.Digests;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a page ended: the last row's value of each key of the order. The next page begins behind
/// it, at the same cost however deep it is, and rows that come or go meanwhile shift nothing.
///
/// @param query digest of the query
/// @param key the values as PostgreSQL writes them; null where the row has none
public record PageToken(String query, List<@Nullable String> key) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public String encode() {
    try {
      return Base64.getEncoder().encodeToString(JSON.writeValueAsBytes(this));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page token cannot be written", e);
    }
  }

  /// @param types of the keys, in PostgreSQL's words
  static PageToken decodeTyped(String token, String query, List<String> types) {
    var decoded = decode(token, query, types.size());
    for (int i = 0; i < types.size(); i++) {
      var value = decoded.key.get(i);
      if (value != null && !fits(types.get(i), value)) {
        throw invalid("its values do not fit the order");
      }
    }
    return decoded;
  }

  private static boolean fits(String type, String value) {
    return switch (type) {
      case "bigint", "int" -> value.matches("-?\\d{1,18}");
      case "double precision" -> isNumber(value);
      case "timestamptz" -> value.matches("\\d{4}-\\d\\d-\\d\\d [0-9:.]{8,15}[+-][0-9:]{2,8}");
      default -> value.indexOf('\0') < 0;
    };
  }

  static PageToken decode(String token, String query, List<OrderBy> order) {
    var decoded = decode(token, query, order.size());
    for (int i = 0; i < order.size(); i++) {
      if (!fits(order.get(i).field(), decoded.key.get(i))) {
        throw invalid("its values do not fit the order");
      }
    }
    return decoded;
  }

  private static PageToken decode(String token, String query, int keys) {
    byte[] json;
    try {
      json = Base64.getDecoder().decode(token.strip());
    } catch (IllegalArgumentException e) {
      throw new InvalidFilter("Invalid page token, could not base64-decode", 0);
    }
    PageToken decoded;
    try {
      decoded = JSON.readValue(json, PageToken.class);
    } catch (java.io.IOException e) {
      throw invalid("decoded value=" + new String(json, StandardCharsets.UTF_8));
    }
    if (decoded == null
        || decoded.query == null
        || decoded.key == null
        || decoded.key.size() != keys) {
      throw invalid("parsed value=" + decoded);
    }
    if (!decoded.query.equals(query)) {
      throw invalid(
          "it comes from another search. Send the filter, order, experiments and view of the first page with each page");
    }
    return decoded;
  }

  private static boolean fits(Field field, @Nullable String value) {
    if (value == null) {
      return !field.equals(RunQuery.START_TIME) && !field.equals(RunQuery.RUN_ID);
    }
    if (RunFields.type(field) != SqlFilter.Type.NUMBER) {
      return value.indexOf('\0') < 0;
    }
    return isNumber(value);
  }

  private static boolean isNumber(String value) {
    try {
      Double.parseDouble(value);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static InvalidFilter invalid(String why) {
    return new InvalidFilter(
        "Invalid page token, %s".formatted(why.length() > 200 ? why.substring(0, 200) + "…" : why),
        0);
  }

  /// @param parts records, lists and enums, whose texts say all that they are
  static String digest(List<?> parts) {
    return Digests.of(parts.toString()).substring("sha256:".length(), "sha256:".length() + 32);
  }
}

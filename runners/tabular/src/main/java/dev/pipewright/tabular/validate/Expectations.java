package dev.pipewright.tabular.validate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// What is expected of a table.
///
/// ```yaml
/// rows: { min: 100 }
/// columns:
///   id: { type: int, unique: true }
///   age: { type: int, min: 0, max: 120, maxMissing: 0.05 }
///   status: { values: [open, closed] }
///   email: { pattern: '.+@.+', required: false }
///   at: { type: date, order: rising, fresh: 7d }
/// otherColumns: false
/// unique: [[customer, month]]
/// compare: [start <= end, price > 0]
/// drift: { psi: 0.2 }
/// ```
///
/// @param otherColumns whether there may be columns beside those named
/// @param unique combinations of columns whose values no two rows share
/// @param psi the highest population stability index of a column against the reference
/// @param ks the highest Kolmogorov-Smirnov distance of a column of numbers; NaN for none
record Expectations(
    long minRows,
    long maxRows,
    Map<String, Column> columns,
    boolean otherColumns,
    List<List<String>> unique,
    List<Relation> compare,
    double psi,
    double ks,
    List<String> driftColumns) {
  static final double USUAL_PSI = 0.2;
  private static final List<String> KEYS =
      List.of("rows", "columns", "otherColumns", "unique", "compare", "drift");
  private static final List<String> COLUMN_KEYS =
      List.of(
          "type",
          "required",
          "min",
          "max",
          "values",
          "unique",
          "maxMissing",
          "pattern",
          "order",
          "fresh");
  private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(d|h|m|s)");
  private static final Pattern RELATION =
      Pattern.compile("\\s*(.+?)\\s*(<=|>=|==|!=|<|>)\\s*(.+?)\\s*");

  /// Nothing but what every table has.
  static final Expectations NONE =
      new Expectations(
          1,
          Long.MAX_VALUE,
          Map.of(),
          true,
          List.of(),
          List.of(),
          USUAL_PSI,
          Double.NaN,
          List.of());

  /// Of one column. NaN, null and [#ANY] stand for nothing expected.
  ///
  /// @param maxMissing the highest share of cells that hold nothing
  /// @param fresh how long ago the newest date may be
  record Column(
      Type type,
      boolean required,
      double min,
      double max,
      @Nullable List<String> values,
      boolean unique,
      double maxMissing,
      @Nullable Pattern pattern,
      Order order,
      @Nullable Duration fresh) {
    static final Column ANY =
        new Column(Type.ANY, true, Double.NaN, Double.NaN, null, false, 1, null, Order.ANY, null);
  }

  enum Type {
    ANY,
    STRING,
    INT,
    NUMBER,
    BOOL,
    DATE;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  enum Order {
    ANY,
    RISING,
    STRICTLY_RISING,
    FALLING
  }

  /// One side compared with the other in every row where both are there.
  ///
  /// @param text as it was written
  /// @param left a column
  /// @param right a column, or a number or quoted text
  record Relation(String text, String left, String operator, String right) {}

  /// Reads YAML or JSON.
  ///
  /// @param from what messages call it
  /// @throws ProblemException INPUT_INVALID
  static Expectations of(String text, String from) {
    Object document;
    try {
      document = new Load(LoadSettings.builder().setLabel(from).build()).loadFromString(text);
    } catch (YamlEngineException e) {
      throw invalid("%s is not YAML or JSON: %s".formatted(from, e.getMessage()), "Correct it.");
    }
    JsonNode tree = Json.MAPPER.valueToTree(document);
    if (tree == null || !tree.isObject()) {
      throw invalid(
          from + " is not a map", "Give one such as {columns: {age: {type: int, min: 0}}}.");
    }
    return of(tree, from);
  }

  private static Expectations of(JsonNode tree, String from) {
    refuseOtherKeys(tree, KEYS, from);
    var rows = map(tree.path("rows"), from + ": rows");
    refuseOtherKeys(rows, List.of("min", "max"), from + ": rows");
    var columns = new LinkedHashMap<String, Column>();
    for (var entry : map(tree.path("columns"), from + ": columns").properties()) {
      columns.put(entry.getKey(), column(entry.getValue(), from + ": columns." + entry.getKey()));
    }
    var unique = new ArrayList<List<String>>();
    for (var item : list(tree.path("unique"), from + ": unique", "[id, [customer, month]]")) {
      unique.add(
          item.isArray()
              ? texts(item, from + ": unique", "[[customer, month]]")
              : List.of(text(item, from + ": unique")));
    }
    var compare = new ArrayList<Relation>();
    for (var item : texts(tree.path("compare"), from + ": compare", "[start <= end]")) {
      compare.add(relation(item, from));
    }
    var drift = map(tree.path("drift"), from + ": drift");
    refuseOtherKeys(drift, List.of("psi", "ks", "columns"), from + ": drift");
    return new Expectations(
        (long) number(rows, "min", 1, from),
        (long) number(rows, "max", Long.MAX_VALUE, from),
        columns,
        bool(tree, "otherColumns", true, from),
        unique,
        compare,
        number(drift, "psi", USUAL_PSI, from),
        number(drift, "ks", Double.NaN, from),
        texts(drift.path("columns"), from + ": drift.columns", "[age, amount]"));
  }

  private static Column column(JsonNode node, String where) {
    if (node.isNull()) {
      return Column.ANY;
    }
    map(node, where);
    refuseOtherKeys(node, COLUMN_KEYS, where);
    var pattern = node.path("pattern");
    var fresh = node.path("fresh");
    return new Column(
        choice(node, "type", Type.ANY, where),
        bool(node, "required", true, where),
        number(node, "min", Double.NaN, where),
        number(node, "max", Double.NaN, where),
        node.has("values") ? texts(node.get("values"), where + ".values", "[open, closed]") : null,
        bool(node, "unique", false, where),
        number(node, "maxMissing", 1, where),
        pattern.isMissingNode() ? null : pattern(pattern.asText(), where),
        choice(node, "order", Order.ANY, where),
        fresh.isMissingNode() ? null : duration(fresh.asText(), where));
  }

  private static Pattern pattern(String text, String where) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw invalid(
          "%s.pattern '%s' is no regular expression: %s".formatted(where, text, e.getDescription()),
          "Correct it.");
    }
  }

  private static Duration duration(String text, String where) {
    var match = DURATION.matcher(text.strip());
    if (!match.matches()) {
      throw invalid(
          "%s.fresh is '%s'".formatted(where, text), "Give a duration such as 7d, 36h or 30m.");
    }
    long many = Long.parseLong(match.group(1));
    return switch (match.group(2)) {
      case "d" -> Duration.ofDays(many);
      case "h" -> Duration.ofHours(many);
      case "m" -> Duration.ofMinutes(many);
      default -> Duration.ofSeconds(many);
    };
  }

  private static Relation relation(String text, String from) {
    var match = RELATION.matcher(text);
    if (!match.matches()) {
      throw invalid(
          "%s: compare holds '%s'".formatted(from, text),
          "Give a column, one of <, <=, >, >=, == and !=, and a column or value: start <= end.");
    }
    return new Relation(text.strip(), unquoted(match.group(1)), match.group(2), match.group(3));
  }

  /// A column's name may be quoted.
  static String unquoted(String text) {
    boolean quoted =
        text.length() > 1
            && (text.charAt(0) == '\'' || text.charAt(0) == '"')
            && text.charAt(0) == text.charAt(text.length() - 1);
    return quoted ? text.substring(1, text.length() - 1) : text;
  }

  private static <E extends Enum<E>> E choice(
      JsonNode node, String key, E otherwise, String where) {
    var given = node.path(key);
    if (given.isMissingNode()) {
      return otherwise;
    }
    var words = new ArrayList<String>();
    for (var one : otherwise.getDeclaringClass().getEnumConstants()) {
      var word = one.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (word.equals(given.asText())) {
        return one;
      }
      words.add(word);
    }
    words.remove("any");
    throw invalid(
        "%s.%s is '%s'".formatted(where, key, given.asText()),
        "Give one of %s.".formatted(String.join(", ", words)));
  }

  private static JsonNode map(JsonNode node, String where) {
    if (!node.isMissingNode() && !node.isObject()) {
      throw invalid("%s is %s, not a map".formatted(where, node), "Give a map.");
    }
    return node;
  }

  private static double number(JsonNode node, String key, double otherwise, String where) {
    var given = node.path(key);
    if (given.isMissingNode()) {
      return otherwise;
    }
    if (!given.isNumber()) {
      throw invalid("%s: %s is %s".formatted(where, key, given), "Give a number.");
    }
    return given.doubleValue();
  }

  private static boolean bool(JsonNode node, String key, boolean otherwise, String where) {
    var given = node.path(key);
    if (given.isMissingNode()) {
      return otherwise;
    }
    if (!given.isBoolean()) {
      throw invalid("%s: %s is %s".formatted(where, key, given), "Give true or false.");
    }
    return given.booleanValue();
  }

  /// What is not there is an empty one.
  ///
  /// @param such one that would do
  private static JsonNode list(JsonNode node, String where, String such) {
    if (!node.isMissingNode() && !node.isArray()) {
      throw invalid(
          "%s is %s, not a list".formatted(where, node), "Give one such as " + such + ".");
    }
    return node;
  }

  private static List<String> texts(JsonNode list, String where, String such) {
    var texts = new ArrayList<String>();
    for (var item : list(list, where, such)) {
      texts.add(text(item, where));
    }
    return texts;
  }

  private static String text(JsonNode node, String where) {
    if (!node.isValueNode()) {
      throw invalid("%s holds %s, which is no text".formatted(where, node), "Give a text.");
    }
    return node.asText();
  }

  private static void refuseOtherKeys(JsonNode node, List<String> known, String where) {
    for (var key : node.properties()) {
      if (!known.contains(key.getKey())) {
        throw invalid(
            "%s has the unknown key '%s'".formatted(where, key.getKey()),
            "Did you mean %s? There are %s."
                .formatted(Nearest.of(key.getKey(), known, 1), String.join(", ", known)));
      }
    }
  }

  private static ProblemException invalid(String detail, String remedy) {
    return new ProblemException(ProblemCode.INPUT_INVALID, detail, remedy);
  }
}

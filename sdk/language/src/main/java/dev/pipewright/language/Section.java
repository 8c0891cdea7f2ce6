package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// A map of the document, read by its [Table]: what is not as the table says is reported, and reads
/// as if it were not there.
final class Section {
  private static final Duration LONGEST = Duration.ofDays(366);

  private final Table table;
  private final Map<String, Yaml.Entry> entries;
  private final String path;
  private final Place at;
  private final Violations violations;

  private Section(
      Table table, Map<String, Yaml.Entry> entries, String path, Place at, Violations violations) {
    this.table = table;
    this.entries = entries;
    this.path = path;
    this.at = at;
    this.violations = violations;
  }

  /// Null when the node is no map; that is reported, as are keys that the table has not.
  static @Nullable Section read(
      Yaml yaml, Table table, Node node, String path, Place at, Violations violations) {
    var entries = yaml.entries(node, path);
    return entries == null ? null : read(table, entries, path, at, violations);
  }

  static Section read(
      Table table, Map<String, Yaml.Entry> entries, String path, Place at, Violations violations) {
    entries.forEach((key, entry) -> {
      if (table.find(key).isEmpty()) {
        violations.add(
            "UNKNOWN_KEY",
            "%s has no key '%s'".formatted(table.owner(), Yaml.shorten(key)),
            Yaml.join(path, key),
            entry.at(),
            Expressions.suggestion(
                key,
                table.names(),
                "The keys are %s.".formatted(String.join(", ", table.names()))));
      }
    });
    return new Section(table, entries, path, at, violations);
  }

  /// Where it begins: its own key.
  Place at() {
    return at;
  }

  String path() {
    return path;
  }

  String path(String key) {
    return Yaml.join(path, key);
  }

  boolean has(String key) {
    return entries.containsKey(key);
  }

  Yaml.@Nullable Entry get(String key) {
    return entries.get(key);
  }

  /// Where the value of a key that is there begins.
  Place place(String key) {
    return Yaml.place(entries.get(key).value());
  }

  /// A text, or null where there is none; anything but a text is reported.
  @Nullable String text(String key) {
    var entry = entries.get(key);
    return entry == null ? null : text(entry.value(), path(key));
  }

  private @Nullable String text(Node node, String at) {
    if (Yaml.text(node) && node instanceof ScalarNode scalar) {
      return plain(scalar, at, violations) ? scalar.getValue() : null;
    }
    violations.add(
        "WRONG_TYPE",
        "'%s' must be text, but is %s".formatted(Yaml.last(at), Yaml.word(node)),
        at,
        Yaml.place(node),
        node instanceof ScalarNode && !Yaml.nothing(node) ? "Put it in quotes." : null);
    return null;
  }

  /// A name, by the table's rule; null where there is none.
  @Nullable String name(String key) {
    var naming = ((Kind.Named) table.key(key).kind()).naming();
    var name = text(key);
    return name != null && goodName(naming, name, path(key), place(key), violations) ? name : null;
  }

  /// One of the words that the table names; null where there is none.
  @Nullable String choice(String key) {
    var words = ((Kind.Choice) table.key(key).kind()).words();
    var word = text(key);
    if (word == null || words.contains(word)) {
      return word;
    }
    violations.add(
        "VALUE_INVALID",
        "there is no %s '%s'".formatted(key, Yaml.shorten(word)),
        path(key),
        place(key),
        Expressions.suggestion(
            word, words, "The %ss are %s.".formatted(key, String.join(", ", words))));
    return null;
  }

  /// A whole number in the table's bounds; null where there is none.
  @Nullable Integer whole(String key) {
    var entry = entries.get(key);
    return entry == null
        ? null
        : whole(entry.value(), (Kind.Whole) table.key(key).kind(), path(key), violations);
  }

  static @Nullable Integer whole(Node node, Kind.Whole kind, String path, Violations violations) {
    JsonNode number = Yaml.json(node);
    if (number.isIntegralNumber()
        && number.longValue() >= kind.least()
        && number.longValue() <= kind.most()) {
      return number.intValue();
    }
    violations.add(
        "VALUE_INVALID",
        "'%s' is %s".formatted(Yaml.last(path), Yaml.word(node)),
        path,
        Yaml.place(node),
        "Give a whole number from %,d to %,d.".formatted(kind.least(), kind.most()));
    return null;
  }

  /// A number in the table's bounds; null where there is none.
  @Nullable Double decimal(String key) {
    var entry = entries.get(key);
    if (entry == null) {
      return null;
    }
    var kind = (Kind.Decimal) table.key(key).kind();
    var number = Yaml.json(entry.value());
    if (number.isNumber()
        && (kind.open()
            ? number.doubleValue() > kind.least()
            : number.doubleValue() >= kind.least())
        && number.doubleValue() <= kind.most()) {
      return number.doubleValue();
    }
    var bounds =
        kind.open()
            ? "a number above %,.0f".formatted(kind.least())
            : "a number from %,.0f to %,.0f".formatted(kind.least(), kind.most());
    violations.add(
        "VALUE_INVALID",
        "'%s' must be %s, but is %s".formatted(key, bounds, Yaml.word(entry.value())),
        path(key),
        Yaml.place(entry.value()),
        "Give %s, such as %s."
            .formatted(
                kind.open() ? bounds + ", at most %,.0f".formatted(kind.most()) : bounds,
                kind.least() < 1 ? "0.5" : "2"));
    return null;
  }

  /// True, false, or null where there is none.
  @Nullable Boolean flag(String key) {
    var entry = entries.get(key);
    if (entry == null) {
      return null;
    }
    var value = Yaml.json(entry.value());
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    violations.add(
        "WRONG_TYPE",
        "'%s' must be true or false, but is %s".formatted(key, Yaml.word(entry.value())),
        path(key),
        Yaml.place(entry.value()),
        null);
    return null;
  }

  /// A text of the table's form; null where there is none.
  @Nullable String form(String key, String remedy) {
    var entry = entries.get(key);
    if (entry == null) {
      return null;
    }
    var pattern = ((Kind.Form) table.key(key).kind()).pattern();
    if (entry.value() instanceof ScalarNode scalar
        && !Yaml.nothing(scalar)
        && pattern.matcher(scalar.getValue()).matches()) {
      return scalar.getValue();
    }
    violations.add(
        "VALUE_INVALID",
        "'%s' is %s".formatted(key, Yaml.word(entry.value())),
        path(key),
        Yaml.place(entry.value()),
        remedy);
    return null;
  }

  /// A duration; null where there is none.
  @Nullable Duration span(String key) {
    var entry = entries.get(key);
    if (entry == null) {
      return null;
    }
    if (entry.value() instanceof ScalarNode scalar) {
      var matcher = Kind.Span.PATTERN.matcher(scalar.getValue());
      if (matcher.matches()) {
        long amount = Long.parseLong(matcher.group(1));
        var duration =
            switch (matcher.group(2)) {
              case "ms" -> Duration.ofMillis(amount);
              case "s" -> Duration.ofSeconds(amount);
              case "m" -> Duration.ofMinutes(amount);
              case "h" -> Duration.ofHours(amount);
              default -> Duration.ofDays(amount);
            };
        if (!duration.isZero() && duration.compareTo(LONGEST) <= 0) {
          return duration;
        }
      }
    }
    violations.add(
        "VALUE_INVALID",
        "'%s' is not a duration: %s".formatted(key, Yaml.word(entry.value())),
        path(key),
        Yaml.place(entry.value()),
        "Write a number and a unit, up to 366d: 500ms, 10s, 5m, 1h, 2d.");
    return null;
  }

  /// The items of a list; none where there is no such key.
  List<Node> items(String key) {
    var entry = entries.get(key);
    if (entry == null) {
      return List.of();
    }
    if (entry.value() instanceof SequenceNode list) {
      return list.getValue();
    }
    violations.add(
        "WRONG_TYPE",
        "'%s' must be a list, but is %s".formatted(key, Yaml.word(entry.value())),
        path(key),
        Yaml.place(entry.value()),
        "Write it as [one, two].");
    return List.of();
  }

  /// The scalars of a list, as they are written.
  ///
  /// @param what each of them is: `a word`
  List<String> scalars(String key, String what) {
    var scalars = new ArrayList<String>();
    for (var item : items(key)) {
      if (!(item instanceof ScalarNode scalar) || Yaml.nothing(item)) {
        wrongItem(key, item, what);
      } else if (plain(scalar, path(key), violations)) {
        scalars.add(scalar.getValue());
      }
    }
    return scalars;
  }

  void wrongItem(String key, Node item, String what) {
    violations.add(
        "WRONG_TYPE",
        "'%s' holds %s instead of %s".formatted(key, Yaml.word(item), what),
        path(key),
        Yaml.place(item),
        null);
  }

  /// Reports that a key is not there.
  void missing(String key, String message, String remedy) {
    violations.add("MISSING_KEY", message, path(key), at, remedy);
  }

  /// Reports keys that do not go together, at the second.
  void conflict(String key, String message, String remedy) {
    violations.add("CONFLICTING_KEYS", message, path(key), entries.get(key).at(), remedy);
  }

  /// Expressions only go where values go: in a command or a variable they would invite injection.
  static boolean plain(ScalarNode scalar, String path, Violations violations) {
    if (!scalar.getValue().contains("${{")) {
      return true;
    }
    violations.add(
        "EXPRESSION_NOT_ALLOWED",
        "expressions are not evaluated in '%s'"
            .formatted(path.contains(".env.") ? "env" : Yaml.last(path)),
        path,
        Yaml.place(scalar),
        "Make it an input; the command reads it from $PIPEWRIGHT_INPUTS/<name>.");
    return false;
  }

  static boolean goodName(
      Naming naming, String name, String path, Place at, Violations violations) {
    if (naming.allows(name)) {
      return true;
    }
    violations.add(
        "NAME_INVALID",
        "'%s' cannot be the name of %s %s"
            .formatted(
                Yaml.shorten(name), naming.what().matches("[aeiou].*") ? "an" : "a", naming.what()),
        path,
        at,
        naming.remedy(name));
    return false;
  }
}

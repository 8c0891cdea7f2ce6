package dev.pipewright.orchestrator.fire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads the keys of a JSON object and collects all that is wrong with them, so that a document's
/// errors are answered at once.
public final class Fields {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
  private static final Instant EARLIEST = Instant.parse("1900-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");
  private static final int MOST_PRIORITY = 1000;

  private final JsonNode node;
  private final String path;
  private final List<Problem.Violation> errors;
  private final Set<String> known = new HashSet<>();

  private Fields(JsonNode node, String path, List<Problem.Violation> errors) {
    this.node = node;
    this.path = path;
    this.errors = errors;
  }

  /// @throws ProblemException BAD_REQUEST when it is not an object
  public static Fields of(@Nullable JsonNode body) {
    if (body == null || !body.isObject()) {
      throw new ProblemException(ProblemCode.BAD_REQUEST, "The body must be a JSON object.");
    }
    if (hasNul(body)) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "The body holds a NUL character, which cannot be kept.");
    }
    return new Fields(body, "", new ArrayList<>());
  }

  /// PostgreSQL keeps every character but this one.
  public static boolean hasNul(JsonNode json) {
    return json.toString().contains("\\u0000");
  }

  public List<Problem.Violation> errors() {
    return errors;
  }

  public void error(String code, String key, String message, @Nullable String remedy) {
    errors.add(new Problem.Violation(code, message, at(key), null, null, remedy));
  }

  /// A refused name of a schedule or trigger; it is part of addresses.
  public void checkName(String what, String name) {
    if (!NAME.matcher(name).matches()) {
      errors.add(
          new Problem.Violation(
              "INVALID_NAME",
              "'%s' is not a name for a %s".formatted(name, what),
              "name",
              null,
              null,
              "Use lower-case letters, digits and hyphens, beginning with a letter, 63 at most."));
    }
  }

  /// Reports keys that nobody asked for, then everything.
  ///
  /// @throws ProblemException when there is any error
  public void require(ProblemCode code, String what) {
    refuseUnknown();
    if (!errors.isEmpty()) {
      var first = errors.getFirst();
      throw new ProblemException(
          Problem.of(
              code,
              errors.size() == 1
                  ? "%s: %s.".formatted(what, first.message())
                  : "%s has %d errors; the first: %s."
                      .formatted(what, errors.size(), first.message()),
              List.copyOf(errors)));
    }
  }

  public void refuseUnknown() {
    node.fieldNames()
        .forEachRemaining(key -> {
          if (!known.contains(key)) {
            error(
                "UNKNOWN_KEY",
                key,
                "there is no key '" + key + "'",
                Nearest.likely(key, known)
                    .map(near -> "Did you mean '" + near + "'?")
                    .orElse(
                        "The keys are "
                            + known.stream().sorted().collect(Collectors.joining(", "))
                            + "."));
          }
        });
  }

  public boolean has(String key) {
    return get(key) != null;
  }

  public @Nullable String text(String key) {
    var value = get(key);
    if (value == null) {
      return null;
    }
    if (!value.isTextual() || value.textValue().isBlank()) {
      wrong(key, value, "text");
      return null;
    }
    return value.textValue();
  }

  /// Text that must be there; empty where it is not, which is reported.
  public String requireText(String key) {
    var text = text(key);
    if (text == null && get(key) == null) {
      error("MISSING_KEY", key, "'" + key + "' is missing", null);
    }
    return text == null ? "" : text;
  }

  public @Nullable Integer integer(String key, int least, int most) {
    var value = get(key);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      wrong(key, value, "a whole number");
      return null;
    }
    int number = value.intValue();
    if (number < least || number > most) {
      error(
          "OUT_OF_RANGE",
          key,
          "'%s' is %d; it goes from %d to %d".formatted(key, number, least, most),
          null);
      return null;
    }
    return number;
  }

  public int priority() {
    var priority = integer("priority", -MOST_PRIORITY, MOST_PRIORITY);
    return priority == null ? 0 : priority;
  }

  public boolean flag(String key) {
    var value = get(key);
    if (value != null && !value.isBoolean()) {
      wrong(key, value, "true or false");
    }
    return value != null && value.asBoolean();
  }

  public @Nullable Duration duration(String key) {
    var text = text(key);
    if (text == null) {
      return null;
    }
    var form = DURATION.matcher(text);
    if (!form.matches()) {
      error(
          "INVALID_DURATION",
          key,
          "'%s' is '%s', which is not a duration".formatted(key, text),
          "Write it as 90s, 15m, 2h or 7d.");
      return null;
    }
    long count = Long.parseLong(form.group(1));
    return switch (form.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }

  /// To the millisecond: the database keeps no more than microseconds.
  public @Nullable Instant instant(String key) {
    var text = text(key);
    try {
      if (text == null) {
        return null;
      }
      var instant = Instant.parse(text).truncatedTo(ChronoUnit.MILLIS);
      if (instant.isBefore(EARLIEST) || instant.isAfter(LATEST)) {
        throw new DateTimeException("out of range");
      }
      return instant;
    } catch (DateTimeException e) {
      error(
          "INVALID_TIME",
          key,
          "'%s' is '%s', which is not a time, or too far away".formatted(key, text),
          "Write it as 2026-03-29T02:30:00Z.");
      return null;
    }
  }

  /// One of some words.
  public @Nullable String word(String key, List<String> words) {
    var text = text(key);
    if (text == null || words.contains(text)) {
      return text;
    }
    error(
        "UNKNOWN_WORD",
        key,
        "'%s' is '%s', which is none of %s".formatted(key, text, String.join(", ", words)),
        Nearest.likely(text, words).map(near -> "Did you mean '" + near + "'?").orElse(null));
    return null;
  }

  /// The entries of an object; empty where there is none.
  public Map<String, JsonNode> map(String key) {
    var value = get(key);
    var entries = new LinkedHashMap<String, JsonNode>();
    if (value != null && !value.isObject()) {
      wrong(key, value, "an object");
    } else if (value != null) {
      value.properties().forEach(entry -> entries.put(entry.getKey(), entry.getValue()));
    }
    return entries;
  }

  /// An object within this one, with the same list of errors.
  public Optional<Fields> object(String key) {
    var value = get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isObject()) {
      wrong(key, value, "an object");
      return Optional.of(new Fields(JsonNodeFactory.instance.objectNode(), at(key), errors));
    }
    return Optional.of(new Fields(value, at(key), errors));
  }

  private @Nullable JsonNode get(String key) {
    known.add(key);
    var value = node.get(key);
    return value == null || value.isNull() ? null : value;
  }

  private void wrong(String key, JsonNode value, String wanted) {
    var text = value.toString();
    error(
        "WRONG_TYPE",
        key,
        "'%s' must be %s, but is %s"
            .formatted(key, wanted, text.length() <= 60 ? text : text.substring(0, 59) + "…"),
        null);
  }

  public String at(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}

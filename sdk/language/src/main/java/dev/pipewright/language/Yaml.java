package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/// A YAML document (1.2, core schema) as nodes that know where they are. What could make a small
/// document a large one, or a harmless one run code, is refused before a node is made of it:
/// aliases, tags, deep nesting.
final class Yaml {
  static final int MOST_BYTES = 16 << 20;
  static final int MOST_DEPTH = 50;

  private static final Place START = new Place(1, 1);

  private final Violations violations;
  private final int[] points;
  private final String source;

  private Yaml(String source, Violations violations) {
    this.source = source;
    this.points = source.codePoints().toArray();
    this.violations = violations;
  }

  /// A document and its top node.
  ///
  /// @param root null when it cannot be read; the violations are reported
  record Document(Yaml yaml, @Nullable Node root) {}

  static Document read(String text, Violations violations) {
    if (text.length() > MOST_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      violations.add(
          "DOCUMENT_TOO_LARGE",
          "the document is larger than %,d bytes".formatted(MOST_BYTES),
          "",
          START,
          "Split it into several pipelines.");
      return new Document(new Yaml("", violations), null);
    }
    var yaml = new Yaml(text.startsWith("\uFEFF") ? text.substring(1) : text, violations);
    return new Document(yaml, yaml.compose());
  }

  private @Nullable Node compose() {
    var settings =
        LoadSettings.builder()
            .setSchema(new CoreSchema())
            .setCodePointLimit(2 * MOST_BYTES)
            .setLabel("the document")
            .build();
    try {
      var events = new Harmless(new ParserImpl(settings, new StreamReader(settings, source)));
      var root = new Composer(settings, events).getSingleNode();
      if (root.isEmpty()) {
        violations.add(
            "EMPTY",
            "the document is empty",
            "",
            START,
            "A pipeline has at least a name and tasks.");
      }
      return root.orElse(null);
    } catch (Refused e) {
      violations.add(e.code, e.message, "", e.place, e.remedy);
    } catch (MarkedYamlEngineException e) {
      var place = e.getProblemMark().or(e::getContextMark).map(Yaml::place).orElse(START);
      var problem = String.valueOf(e.getProblem()).replaceFirst("\\.? \\(Do not use .*", "");
      var context =
          e.getContextMark()
              .map(Yaml::place)
              .filter(begin -> begin.line() != place.line() && e.getContext() != null)
              .map(begin -> ", %s that begins in line %d".formatted(e.getContext(), begin.line()))
              .orElse("");
      violations.add(
          "YAML_SYNTAX",
          "this is not YAML: " + problem + context,
          "",
          place,
          remedy(problem, place));
    } catch (ReaderException e) {
      violations.add(
          "YAML_SYNTAX",
          "the character U+%04X is not allowed in YAML".formatted(e.getCodePoint()),
          "",
          at(e.getPosition()),
          "Remove it.");
    } catch (YamlEngineException e) {
      violations.add("YAML_SYNTAX", "this is not YAML: " + e.getMessage(), "", START, null);
    }
    return null;
  }

  /// What is probably wrong, where people go wrong most.
  private @Nullable String remedy(String problem, Place place) {
    var line = source.lines().skip(place.line() - 1L).findFirst().orElse("");
    if (problem.contains("TAB")) {
      return "Indent with spaces.";
    }
    if (line.contains("${{") && !line.contains("\"${{")) {
      return "Put the expression in quotes: \"${{ … }}\".";
    }
    if (problem.contains("block end") || problem.contains("mapping values are not allowed")) {
      return "Check the indentation, and put a text with ': ' or '#' in it in quotes.";
    }
    return problem.contains("']'") || problem.contains("'}'")
        ? "Close every bracket and brace, and put commas between."
        : null;
  }

  /// Looks at each event before a node is made of it.
  private static final class Harmless implements Parser {
    private final Parser events;
    private int depth;
    private int documents;

    Harmless(Parser events) {
      this.events = events;
    }

    @Override
    public boolean checkEvent(Event.ID id) {
      return events.checkEvent(id);
    }

    @Override
    public Event peekEvent() {
      return events.peekEvent();
    }

    @Override
    public boolean hasNext() {
      return events.hasNext();
    }

    @Override
    public Event next() {
      var event = events.next();
      check(event);
      return event;
    }

    private void check(Event event) {
      switch (event) {
        case AliasEvent alias ->
            throw new Refused(
                "ALIAS_NOT_ALLOWED",
                "the alias '*%s' is not allowed".formatted(alias.getAlias()),
                event,
                "Write the value out.");
        case DocumentStartEvent _ -> {
          if (++documents > 1) {
            throw new Refused(
                "YAML_SYNTAX",
                "there is a second document",
                event,
                "Keep each pipeline in a file of its own.");
          }
        }
        case NodeEvent node when node.getAnchor().isPresent() ->
            throw new Refused(
                "ALIAS_NOT_ALLOWED",
                "the anchor '&%s' is not allowed".formatted(node.getAnchor().get()),
                event,
                "Remove it.");
        case ScalarEvent scalar when tagged(scalar.getTag()) -> throw tag(scalar.getTag(), event);
        case CollectionStartEvent collection when tagged(collection.getTag()) ->
            throw tag(collection.getTag(), event);
        case CollectionStartEvent _ -> {
          if (++depth > MOST_DEPTH) {
            throw new Refused(
                "TOO_DEEP",
                "the document is nested deeper than %d levels".formatted(MOST_DEPTH),
                event,
                "Flatten it.");
          }
        }
        case CollectionEndEvent _ -> depth--;
        default -> {}
      }
    }

    private static Refused tag(Optional<String> tag, Event event) {
      return new Refused(
          "TAG_NOT_ALLOWED",
          "the tag '%s' is not allowed".formatted(tag.orElse("")),
          event,
          "Remove it.");
    }

    private static boolean tagged(Optional<String> tag) {
      return tag.isPresent() && !tag.get().equals("!");
    }
  }

  private static final class Refused extends RuntimeException {
    private final String code;
    private final String message;
    private final Place place;
    private final String remedy;

    Refused(String code, String message, Event event, String remedy) {
      super(message, null, false, false);
      this.code = code;
      this.message = message;
      this.place = event.getStartMark().map(Yaml::place).orElse(START);
      this.remedy = remedy;
    }
  }

  static Place place(Mark mark) {
    return new Place(mark.getLine() + 1, mark.getColumn() + 1);
  }

  static Place place(Node node) {
    return node.getStartMark().map(Yaml::place).orElse(START);
  }

  /// The place of a code point.
  private Place at(int position) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < Math.min(position, points.length); i++) {
      if (points[i] == '\n') {
        line++;
        column = 1;
      } else {
        column++;
      }
    }
    return new Place(line, column);
  }

  /// Where each code unit of a scalar's text is: exactly, when the text stands in one line as it
  /// is; otherwise where the scalar begins.
  Function<Integer, Place> places(ScalarNode scalar) {
    var start = scalar.getStartMark().orElse(null);
    var end = scalar.getEndMark().orElse(null);
    var first = place(scalar);
    if (start == null || end == null || start.getLine() != end.getLine()) {
      return _ -> first;
    }
    int quote =
        switch (scalar.getScalarStyle()) {
          case DOUBLE_QUOTED, SINGLE_QUOTED -> 1;
          default -> 0;
        };
    int from = start.getIndex() + quote;
    int to = end.getIndex() - quote;
    var text = scalar.getValue();
    if (from > to || to > points.length || !new String(points, from, to - from).equals(text)) {
      return _ -> first;
    }
    return unit ->
        new Place(
            first.line(),
            first.column()
                + quote
                + text.codePointCount(0, Math.max(0, Math.min(unit, text.length()))));
  }

  /// A key's value, and where the key is.
  record Entry(Place at, Node value) {}

  /// The entries of a map by their keys; keys that are there twice, or are no scalars, are
  /// reported. Null when the node is no map; that is reported too.
  @Nullable Map<String, Entry> entries(Node node, String path) {
    if (!(node instanceof MappingNode map)) {
      violations.add(
          "WRONG_TYPE",
          "%s must be a map, but is %s"
              .formatted(path.isEmpty() ? "the document" : "'" + last(path) + "'", word(node)),
          path,
          place(node),
          "Write it as 'key: value' lines.");
      return null;
    }
    var entries = new LinkedHashMap<String, Entry>();
    for (var tuple : map.getValue()) {
      var at = place(tuple.getKeyNode());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        violations.add("WRONG_TYPE", "a key must be text", path, at, null);
        continue;
      }
      var before = entries.get(key.getValue());
      if (before != null) {
        violations.add(
            "DUPLICATE_KEY",
            "the key '%s' is there already, in line %d"
                .formatted(key.getValue(), before.at().line()),
            join(path, key.getValue()),
            at,
            "Keep one of them.");
        continue;
      }
      entries.put(key.getValue(), new Entry(at, tuple.getValueNode()));
    }
    return entries;
  }

  static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  static String last(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  static boolean text(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.STR);
  }

  static boolean nothing(Node node) {
    return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
  }

  /// The node as JSON; numbers that JSON cannot hold become text.
  static JsonNode json(Node node) {
    var json = Json.MAPPER.getNodeFactory();
    return switch (node) {
      case MappingNode map -> {
        var object = json.objectNode();
        for (var tuple : map.getValue()) {
          if (tuple.getKeyNode() instanceof ScalarNode key) {
            object.set(key.getValue(), json(tuple.getValueNode()));
          }
        }
        yield object;
      }
      case SequenceNode list -> {
        var array = json.arrayNode();
        list.getValue().forEach(item -> array.add(json(item)));
        yield array;
      }
      case ScalarNode scalar -> scalar(scalar);
      default -> json.nullNode();
    };
  }

  private static JsonNode scalar(ScalarNode scalar) {
    var json = Json.MAPPER.getNodeFactory();
    var text = scalar.getValue();
    var tag = scalar.getTag();
    if (tag.equals(Tag.NULL)) {
      return json.nullNode();
    }
    if (tag.equals(Tag.BOOL)) {
      return json.booleanNode(Boolean.parseBoolean(text));
    }
    try {
      if (tag.equals(Tag.INT)) {
        var number =
            text.startsWith("0x")
                ? new BigInteger(text.substring(2), 16)
                : text.startsWith("0o")
                    ? new BigInteger(text.substring(2), 8)
                    : new BigInteger(text);
        if (number.bitLength() < 64) {
          return json.numberNode(number.longValue());
        }
        return json.textNode(text);
      }
      if (tag.equals(Tag.FLOAT)) {
        double number = Double.parseDouble(text);
        return Double.isFinite(number) ? json.numberNode(number) : json.textNode(text);
      }
    } catch (NumberFormatException _) {
      return json.textNode(text); // .inf, .nan
    }
    return json.textNode(text);
  }

  /// What a node is, for a message.
  static String word(Node node) {
    return switch (node) {
      case MappingNode _ -> "a map";
      case SequenceNode _ -> "a list";
      case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) -> "nothing";
      case ScalarNode scalar when scalar.getTag().equals(Tag.BOOL) ->
          "the bool " + scalar.getValue();
      case ScalarNode scalar
          when scalar.getTag().equals(Tag.INT) || scalar.getTag().equals(Tag.FLOAT) ->
          "the number " + shorten(scalar.getValue());
      case ScalarNode scalar -> "the text '" + shorten(scalar.getValue()) + "'";
      default -> "something else";
    };
  }

  static String shorten(String text) {
    var line = text.replace('\n', ' ');
    return line.length() <= 40 ? line : line.substring(0, 39) + "…";
  }
}

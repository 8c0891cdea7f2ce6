package dev.pipewright.tracker.search;

import dev.pipewright.tracker.search.Field.Best;
import dev.pipewright.tracker.search.Filter.And;
import dev.pipewright.tracker.search.Filter.Compare;
import dev.pipewright.tracker.search.Filter.In;
import dev.pipewright.tracker.search.Filter.IsNull;
import dev.pipewright.tracker.search.Filter.Not;
import dev.pipewright.tracker.search.Filter.Operator;
import dev.pipewright.tracker.search.Filter.Or;
import dev.pipewright.tracker.search.FilterSchema.Type;
import dev.pipewright.tracker.search.Lexer.Kind;
import dev.pipewright.tracker.search.Lexer.Token;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// MLflow's filter language, and what we add to it:
///
/// ```
/// filter  := or
/// or      := and { OR and }
/// and     := { AND | not }                        -- MLflow takes neighbours without AND, and AND too many
/// not     := { NOT } ( '(' or ')' | clause )
/// clause  := field operator value | field [NOT] IN list | field IS [NOT] NULL
/// field   := [entity '.'] key | (MIN|MAX) '(' field ')'
/// ```
///
/// OR, NOT, parentheses, MIN, MAX, and IN and IS NULL on everything are ours. Written without them,
/// a filter means what it means to MLflow. Messages begin with MLflow's words where its clients
/// match on them.
public final class FilterParser {
  static final int MOST_CHARACTERS = 100_000;
  static final int MOST_CLAUSES = 200;
  static final int DEEPEST = 50;
  private static final int MOST_QUOTED = 60;

  private static final Map<String, Operator> OPERATORS =
      Arrays.stream(Operator.values())
          .collect(Collectors.toMap(Operator::text, Function.identity()));
  private static final Set<String> KEYWORDS =
      Set.of(
          "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE", "RLIKE", "TRUE", "FALSE",
          "BETWEEN");

  /// Stands for a clause until the form of the rest is known.
  private static final Filter MEANINGLESS = new Or(List.of());

  private final String text;
  private final FilterSchema schema;
  private final List<Token> tokens;
  private int at;
  private int depth;
  private int clauses;
  // What is wrong with a name or a value is told only when the form of the whole filter is right,
  // as in MLflow.
  private @Nullable InvalidFilter wrongMeaning;

  private FilterParser(String text, FilterSchema schema) {
    this.text = text;
    this.schema = schema;
    this.tokens = Lexer.tokens(text);
  }

  /// Reads a filter; an empty one lets everything through.
  ///
  /// @throws InvalidFilter when it is none, and for nothing else
  public static Filter parse(@Nullable String filter, FilterSchema schema) {
    if (filter == null || filter.isEmpty()) {
      return Filter.ALL;
    }
    checkText("filter", filter);
    if (filter.isBlank()) {
      throw new InvalidFilter(
          "Invalid filter '%s'. Could not be parsed. Leave the filter out to find everything."
              .formatted(shown(filter)),
          0);
    }
    return new FilterParser(filter, schema).filter();
  }

  private static void checkText(String what, String text) {
    if (text.length() > MOST_CHARACTERS) {
      throw new InvalidFilter(
          "The %s has %d characters; it can have at most %d."
              .formatted(what, text.length(), MOST_CHARACTERS),
          MOST_CHARACTERS);
    }
    int zero = text.indexOf('\0');
    if (zero >= 0) {
      throw new InvalidFilter(
          "The %s has a NUL character at character %d; no stored text has one."
              .formatted(what, zero + 1),
          zero);
    }
  }

  private Filter filter() {
    var filter = or(true);
    if (peek().kind() != Kind.END) {
      throw unexpected(peek());
    }
    if (wrongMeaning != null) {
      throw wrongMeaning;
    }
    return filter;
  }

  private Filter or(boolean mayBeEmpty) {
    var parts = new ArrayList<Filter>();
    parts.add(and(mayBeEmpty));
    while (peek().is("OR")) {
      var or = take();
      if (parts.size() == 1 && parts.getFirst().equals(Filter.ALL)) {
        throw unexpected(or);
      }
      parts.add(and(false));
    }
    return parts.size() == 1 ? parts.getFirst() : new Or(parts);
  }

  private Filter and(boolean mayBeEmpty) {
    var parts = new ArrayList<Filter>();
    while (true) {
      var next = peek();
      if (next.is("AND")) {
        take();
      } else if (next.kind() == Kind.END || next.kind() == Kind.CLOSE || next.is("OR")) {
        break;
      } else {
        parts.addAll(not().conjuncts());
      }
    }
    if (parts.isEmpty() && !mayBeEmpty) {
      throw invalidClause(
          at == 0 ? peek() : tokens.get(at - 1), peek(), "A clause must follow here.");
    }
    return parts.size() == 1 ? parts.getFirst() : new And(parts);
  }

  private Filter not() {
    boolean negated = false;
    while (peek().is("NOT")) {
      take();
      negated = !negated;
    }
    Filter part;
    if (peek().kind() == Kind.OPEN) {
      var open = take();
      if (++depth > DEEPEST) {
        throw new InvalidFilter(
            "The filter's parentheses are nested deeper than %d at character %d."
                .formatted(DEEPEST, open.position() + 1),
            open.position());
      }
      part = or(false);
      if (peek().kind() != Kind.CLOSE) {
        throw peek().kind() == Kind.END
            ? invalidClause(open, peek(), "This parenthesis is not closed.")
            : unexpected(peek());
      }
      take();
      depth--;
    } else {
      part = clause();
    }
    return negated ? new Not(part) : part;
  }

  private record Name(Token first, Token last, String entity, String key, Best best) {}

  private Filter clause() {
    var name = name();
    var operator = peek();
    if (++clauses > MOST_CLAUSES) {
      throw new InvalidFilter(
          "The filter has more than %d clauses. Write a list with IN instead of many clauses."
              .formatted(MOST_CLAUSES),
          name.first.position());
    }
    if (operator.is("IS")) {
      take();
      boolean negated = peek().is("NOT");
      if (negated) {
        take();
      }
      if (!peek().is("NULL")) {
        throw invalidClause(name.first, peek(), "After IS comes NULL or NOT NULL.");
      }
      take();
      return meaning(() -> new IsNull(field(name), negated));
    }
    if (operator.is("IN") || operator.is("NOT")) {
      take();
      boolean negated = operator.is("NOT");
      if (negated) {
        if (!peek().is("IN")) {
          throw invalidClause(name.first, peek(), "After a name, NOT goes only with IN.");
        }
        take();
      }
      if (peek().kind() != Kind.OPEN) {
        throw invalidClause(name.first, peek(), "After IN comes a list, such as ('a', 'b').");
      }
      var list = list(name);
      return meaning(() -> {
        var field = field(name);
        schema.check(field, negated ? "NOT IN" : "IN", operator.position());
        return new In(field, texts(list), negated);
      });
    }
    boolean word = operator.kind() == Kind.NAME && OPERATORS.containsKey(operator.upper());
    if (operator.kind() != Kind.OPERATOR && !word) {
      throw invalidClause(
          name.first,
          name.last,
          "A clause is a name, a comparator and a value, such as metrics.loss < 0.5. Names with spaces or signs go between `backticks`.");
    }
    take();
    var value = peek();
    boolean keyword = value.kind() == Kind.NAME && KEYWORDS.contains(value.upper());
    if (keyword
        || !(value.kind() == Kind.TEXT
            || value.kind() == Kind.NUMBER
            || value.kind() == Kind.NAME)) {
      if (value.kind() == Kind.OPEN) {
        throw invalidClause(name.first, value, "A list goes with IN or NOT IN.");
      }
      throw invalidClause(name.first, value, "Here a value is missing: a number or a 'text'.");
    }
    take();
    return meaning(() -> compare(name, operator, value));
  }

  private Filter meaning(Supplier<Filter> read) {
    try {
      return read.get();
    } catch (InvalidFilter e) {
      if (wrongMeaning == null) {
        wrongMeaning = e;
      }
      return MEANINGLESS;
    }
  }

  private Name name() {
    var first = take();
    boolean best = (first.is("MIN") || first.is("MAX")) && peek().kind() == Kind.OPEN;
    if (best) {
      take();
    }
    var token = best ? take() : first;
    boolean keyword = token.kind() == Kind.NAME && KEYWORDS.contains(token.upper());
    boolean quoted = token.kind() == Kind.TEXT && token.text().startsWith("\"");
    if (keyword || !(token.kind() == Kind.NAME || quoted)) {
      throw unexpected(token);
    }
    var last = token;
    if (best) {
      if (peek().kind() != Kind.CLOSE) {
        throw invalidClause(first, peek(), "This parenthesis is not closed.");
      }
      last = take();
    }
    var parts = split(token.text());
    return new Name(
        first, last, parts.entity, parts.key, best ? Best.valueOf(first.upper()) : Best.LATEST);
  }

  private record Parts(String entity, String key) {}

  /// At the first dot outside quotes.
  private static Parts split(String name) {
    int from = 0;
    if (name.charAt(0) == '`' || name.charAt(0) == '"') {
      from = name.indexOf(name.charAt(0), 1);
    }
    int dot = name.indexOf('.', from);
    return dot < 0
        ? new Parts("", unquoted(name))
        : new Parts(unquoted(name.substring(0, dot)), unquoted(name.substring(dot + 1)));
  }

  private static String unquoted(String name) {
    for (var quote : List.of("'", "\"", "`")) {
      if (name.length() >= 2 && name.startsWith(quote) && name.endsWith(quote)) {
        return name.substring(1, name.length() - 1);
      }
    }
    return name;
  }

  private Field field(Name name) {
    return withBest(name, schema.field(name.entity, name.key, name.first.position()));
  }

  private static Field withBest(Name name, Field field) {
    if (name.best == Best.LATEST) {
      return field;
    }
    if (field.entity() != Entity.METRIC) {
      throw new InvalidFilter(
          "%s(…) at character %d: only a metric has a least and a greatest value, such as %s(metrics.loss)."
              .formatted(
                  name.first.text(),
                  name.first.position() + 1,
                  name.first.text().toLowerCase(Locale.ROOT)),
          name.first.position());
    }
    return new Field(field.entity(), field.key(), name.best);
  }

  private Filter compare(Name name, Token operator, Token token) {
    var field = field(name);
    boolean number = token.kind() == Kind.NUMBER;
    var value =
        switch (schema.type(field)) {
          case NUMBER -> {
            if (!number) {
              throw new InvalidFilter(
                  "Expected numeric value type for %s. Found %s at character %d."
                      .formatted(
                          field.entity() == Entity.METRIC
                              ? "metric"
                              : "numeric attribute: " + field.key(),
                          shown(token.text()),
                          token.position() + 1),
                  token.position());
            }
            yield (Object) Double.valueOf(token.text());
          }
          case TEXT -> string(field, token);
          case EITHER -> number ? (Object) Double.valueOf(token.text()) : string(field, token);
        };
    schema.check(field, operator.upper(), operator.position());
    var known = OPERATORS.get(operator.upper());
    if (known == null) {
      throw new IllegalStateException("a legal comparator is no operator: " + operator.text());
    }
    if (schema.type(field) == Type.EITHER && known.ordering() != number) {
      throw new InvalidFilter(
          "Expected a %s value for %s when using comparator '%s'. Got value %s at character %d."
              .formatted(
                  known.ordering() ? "numeric" : "quoted string",
                  field.entity().word(),
                  known.text(),
                  shown(token.text()),
                  token.position() + 1),
          token.position());
    }
    return new Compare(field, known, value);
  }

  private static String string(Field field, Token token) {
    if (token.kind() == Kind.TEXT) {
      return token.text().substring(1, token.text().length() - 1);
    }
    if (token.kind() == Kind.NAME) {
      throw new InvalidFilter(
          "Parameter value is either not quoted or unidentified quote types used for string value %s at character %d. Use either single or double quotes."
              .formatted(shown(token.text()), token.position() + 1),
          token.position());
    }
    throw new InvalidFilter(
        "Expected a quoted string value for %s (e.g. 'my-value'). Got value %s at character %d."
            .formatted(
                switch (field.entity()) {
                  case ATTRIBUTE -> "attributes";
                  case DATASET -> "dataset attributes";
                  case METRIC,
                      PARAMETER,
                      TAG,
                      REQUEST_METADATA,
                      SPAN,
                      FEEDBACK,
                      EXPECTATION,
                      ISSUE ->
                      field.entity().word();
                },
                shown(token.text()),
                token.position() + 1),
        token.position());
  }

  /// The tokens between the parentheses of a list.
  private List<Token> list(Name name) {
    var open = take();
    var inside = new ArrayList<Token>();
    while (peek().kind() != Kind.CLOSE) {
      if (peek().kind() == Kind.END || peek().kind() == Kind.OPEN) {
        throw invalidClause(name.first, peek(), "This list is not closed.");
      }
      inside.add(take());
    }
    inside.add(open);
    take();
    return inside;
  }

  private static List<String> texts(List<Token> inside) {
    var open = inside.removeLast();
    if (inside.isEmpty()) {
      throw badList("expected a non-empty list of string values, but got empty list", open);
    }
    var values = new ArrayList<String>();
    for (int i = 0; i < inside.size(); i++) {
      var token = inside.get(i);
      if (i % 2 == 1 ? token.kind() != Kind.COMMA : token.kind() == Kind.COMMA) {
        throw badList(
            "expected a non-empty list of string values, but got ill-formed list.", token);
      }
      if (i % 2 == 0) {
        if (token.kind() == Kind.NUMBER) {
          throw badList(
              "expected string value, punctuation, or whitespace, but got different type in list: "
                  + shown(inside.stream().map(Token::text).collect(Collectors.joining(" "))),
              token);
        }
        if (token.kind() != Kind.TEXT) {
          throw badList(
              "expected a non-empty list of string values, but got ill-formed list: "
                  + shown(token.text())
                  + " is not between quotes",
              token);
        }
        values.add(token.text().substring(1, token.text().length() - 1));
      }
    }
    return values;
  }

  private static InvalidFilter badList(String what, Token token) {
    return new InvalidFilter(
        "While parsing a list in the query, %s at character %d. A list looks like ('a', 'b')."
            .formatted(what, token.position() + 1),
        token.position());
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token take() {
    var token = tokens.get(at);
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  private InvalidFilter unexpected(Token token) {
    var remedy =
        switch (token.kind()) {
          case CLOSE -> "No parenthesis is open here.";
          case END -> "The filter ends too early.";
          case NAME, TEXT, NUMBER, OPERATOR, OPEN, COMMA, OTHER ->
              token.text().startsWith("'")
                      || token.text().startsWith("`")
                      || token.text().startsWith("\"")
                  ? "Begin with a name; is a quote not closed?"
                  : token.text().equals(";")
                      ? "A filter is one expression."
                      : "Here must begin a clause, such as metrics.loss < 0.5.";
        };
    return invalidClause(token, token, remedy);
  }

  private InvalidFilter invalidClause(Token from, Token to, String remedy) {
    var clause = text.substring(from.position(), Math.max(from.end(), to.end()));
    return new InvalidFilter(
        "%s: '%s' at character %d. %s"
            .formatted(schema.clauseError(), shown(clause), from.position() + 1, remedy),
        from.position());
  }

  /// Texts of others in messages are cut.
  private static String shown(String text) {
    return text.length() <= MOST_QUOTED ? text : text.substring(0, MOST_QUOTED) + "…";
  }

  static OrderBy orderBy(String clause, FilterSchema schema) {
    checkText("order", clause);
    var parser = new FilterParser(clause, schema);
    var first = parser.peek();
    Name name;
    try {
      name = parser.name();
    } catch (InvalidFilter e) {
      throw badOrder(
          clause, first.position(), "An order is a name, such as metrics.loss, and ASC or DESC.");
    }
    var direction = parser.take();
    if (direction.kind() != Kind.END) {
      if (direction.kind() != Kind.NAME || parser.peek().kind() != Kind.END) {
        throw badOrder(
            clause,
            direction.position(),
            direction.kind() == Kind.COMMA
                ? "Each key of the order is an entry of its own."
                : "After the name comes ASC, DESC or nothing.");
      }
      if (!direction.is("ASC") && !direction.is("DESC")) {
        throw new InvalidFilter(
            "Invalid ordering key in order_by clause '%s': '%s' at character %d is neither ASC nor DESC."
                .formatted(shown(clause), shown(direction.text()), direction.position() + 1),
            direction.position());
      }
    }
    var field = withBest(name, schema.orderField(name.entity, name.key, name.first.position()));
    return new OrderBy(field, !direction.is("DESC"));
  }

  private static InvalidFilter badOrder(String clause, int position, String remedy) {
    return new InvalidFilter(
        "Invalid order_by clause '%s'. Could not be parsed at character %d. %s"
            .formatted(shown(clause), position + 1, remedy),
        position);
  }
}

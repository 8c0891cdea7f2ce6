package dev.pipewright.tracker.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Cuts a filter into tokens. It never fails: what it does not know becomes a token that no rule
/// takes.
final class Lexer {
  enum Kind {
    /// A name with its parts: `metrics.acc`, `` params.`a b` ``.
    NAME,
    /// A text in single or double quotes; double quotes may also hold a name.
    TEXT,
    NUMBER,
    /// `=`, `<=`, …: any row of such characters.
    OPERATOR,
    OPEN,
    CLOSE,
    COMMA,
    OTHER,
    END
  }

  /// @param text as written, quotes included
  record Token(Kind kind, String text, int position) {
    boolean is(String keyword) {
      return kind == Kind.NAME && text.equalsIgnoreCase(keyword);
    }

    String upper() {
      return text.toUpperCase(Locale.ROOT);
    }

    int end() {
      return position + text.length();
    }
  }

  private final String text;
  private int at;

  private Lexer(String text) {
    this.text = text;
  }

  static List<Token> tokens(String text) {
    var lexer = new Lexer(text);
    var tokens = new ArrayList<Token>();
    while (true) {
      var token = lexer.next();
      tokens.add(token);
      if (token.kind == Kind.END) {
        return tokens;
      }
    }
  }

  private Token next() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    int start = at;
    if (at == text.length()) {
      return new Token(Kind.END, "", start);
    }
    var kind = scan(text.charAt(at));
    return new Token(kind, text.substring(start, at), start);
  }

  private Kind scan(char first) {
    if (first == '\'' || first == '"' || first == '`') {
      int close = quoteEnd(at);
      if (close < 0) {
        at = text.length();
        return Kind.OTHER;
      }
      at = close + 1;
      if (first == '\'' || at == text.length() || text.charAt(at) != '.') {
        return first == '`' ? Kind.NAME : Kind.TEXT;
      }
      return rest();
    }
    if (numberFollows()) {
      number();
      if (at == text.length() || !inWord(text.charAt(at))) {
        return Kind.NUMBER;
      }
      // `2fast` is one wrong word, not a number and a name.
      word();
      return Kind.OTHER;
    }
    if (inWord(first)) {
      word();
      return rest();
    }
    at++;
    switch (first) {
      case '(' -> {
        return Kind.OPEN;
      }
      case ')' -> {
        return Kind.CLOSE;
      }
      case ',' -> {
        return Kind.COMMA;
      }
      case '<', '>', '=', '!' -> {
        while (at < text.length() && "<>=!".indexOf(text.charAt(at)) >= 0) {
          at++;
        }
        return Kind.OPERATOR;
      }
      default -> {
        if (Character.isHighSurrogate(first) && at < text.length()) {
          at++;
        }
        return Kind.OTHER;
      }
    }
  }

  /// The parts of a name after its first one.
  private Kind rest() {
    while (at + 1 < text.length() && text.charAt(at) == '.') {
      char next = text.charAt(at + 1);
      if (next == '`' || next == '"' || next == '\'') {
        int close = quoteEnd(at + 1);
        if (close < 0) {
          at = text.length();
          return Kind.OTHER;
        }
        at = close + 1;
      } else if (inWord(next)) {
        at++;
        word();
      } else {
        break;
      }
    }
    return Kind.NAME;
  }

  /// Where the quoted text that begins here ends, or -1. A doubled quote or one after a backslash
  /// does not end it; both stay in the text as they are, as in MLflow.
  private int quoteEnd(int open) {
    char quote = text.charAt(open);
    int plain = -1;
    for (int i = open + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length() && text.charAt(i + 1) == quote) {
        plain = plain < 0 ? i + 1 : plain;
        i++;
      } else if (c == quote) {
        if (i + 1 < text.length() && text.charAt(i + 1) == quote) {
          i++;
        } else {
          return i;
        }
      }
    }
    // A text that ends with a backslash: 'C:\'
    return plain;
  }

  private boolean numberFollows() {
    int i = text.charAt(at) == '-' ? at + 1 : at;
    if (i < text.length() && text.charAt(i) == '.') {
      i++;
    }
    return i < text.length() && digit(text.charAt(i));
  }

  private void number() {
    if (text.charAt(at) == '-') {
      at++;
    }
    digits();
    if (at < text.length() && text.charAt(at) == '.') {
      at++;
      digits();
    }
    if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
      int i = at + 1;
      if (i < text.length() && (text.charAt(i) == '-' || text.charAt(i) == '+')) {
        i++;
      }
      if (i < text.length() && digit(text.charAt(i))) {
        at = i;
        digits();
      }
    }
  }

  private void digits() {
    while (at < text.length() && digit(text.charAt(at))) {
      at++;
    }
  }

  private void word() {
    while (at < text.length() && inWord(text.charAt(at))) {
      at++;
    }
  }

  private static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean inWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '@' || c == '#';
  }
}

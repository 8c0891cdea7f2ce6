package dev.pipewright.language;

import java.util.List;
import java.util.regex.Pattern;

/// What may stand behind a key. The reader checks by it, and the published schema is written from
/// it.
sealed interface Kind {
  Kind TEXT = new Text();
  Kind FLAG = new Flag();
  Kind SPAN = new Span();
  Kind EXPRESSION = new Computed();
  Kind TEMPLATE = new Template();
  Kind ANY = new Any();

  /// Text without expressions.
  record Text() implements Kind {}

  /// Text of one form.
  record Form(Pattern pattern) implements Kind {}

  record Named(Naming naming) implements Kind {}

  record Flag() implements Kind {}

  record Whole(int least, int most) implements Kind {}

  /// @param open whether the least itself is too little
  record Decimal(double least, double most, boolean open) implements Kind {}

  /// A duration.
  record Span() implements Kind {
    static final Pattern PATTERN = Pattern.compile("(\\d{1,11})(ms|s|m|h|d)");
  }

  /// One of some words.
  record Choice(List<String> words) implements Kind {}

  /// One expression and nothing beside it.
  record Computed() implements Kind {}

  /// Text, in which expressions may be.
  record Template() implements Kind {}

  /// A word or number of any sort, taken as text; no expressions.
  record Scalar() implements Kind {}

  /// Anything, with expressions anywhere in it.
  record Any() implements Kind {}

  /// Anything, without expressions.
  record Literal() implements Kind {}

  record Items(Kind item, int least) implements Kind {}

  record Entries(Naming naming, Kind value, int least) implements Kind {}

  record Part(Table table) implements Kind {}

  record Either(List<Kind> kinds) implements Kind {}

  /// A key of a [Table].
  ///
  /// @param otherwise what holds where it is left out, as it would be written; empty for nothing
  record Key(String name, Kind kind, boolean required, String otherwise, String description) {}
}

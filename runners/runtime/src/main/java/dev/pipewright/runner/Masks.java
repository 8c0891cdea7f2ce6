package dev.pipewright.runner;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;

/// Takes the values of secrets out of what is printed. A value of several lines is also taken out
/// line by line, as it is printed.
final class Masks {
  static final Masks NONE = new Masks(List.of());
  private static final String SHOWN = "***";

  /// A line of a value that is shorter, such as a bracket, tells nothing and may be anywhere.
  private static final int SHORTEST_LINE = 4;

  private final List<String> texts;
  private final List<byte[]> patterns;
  private final int longest;

  private Masks(List<String> texts) {
    this.texts = texts;
    this.patterns = texts.stream().map(each -> each.getBytes(StandardCharsets.UTF_8)).toList();
    this.longest = patterns.stream().mapToInt(each -> each.length).max().orElse(0);
  }

  static Masks of(Collection<String> secrets) {
    var texts = new LinkedHashSet<String>();
    for (var secret : secrets) {
      if (!secret.isBlank()) {
        texts.add(secret);
        texts.add(secret.strip());
      }
      secret
          .lines()
          .map(String::strip)
          .filter(line -> line.length() >= SHORTEST_LINE)
          .forEach(texts::add);
    }
    // What contains another is taken out before it.
    return new Masks(
        texts.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList());
  }

  String apply(String line) {
    var shown = line;
    for (var text : texts) {
      shown = shown.replace(text, SHOWN);
    }
    return shown;
  }

  /// Where a line that is too long may be cut so that no secret is: what comes behind belongs to
  /// the next piece.
  int cut(byte[] line, int length) {
    int cut = Math.max(0, length - Math.max(0, longest - 1));
    for (boolean moved = true; moved; ) {
      moved = false;
      for (var pattern : patterns) {
        for (int i = Math.max(0, cut - pattern.length + 1); i < cut; i++) {
          if (i + pattern.length <= length
              && Arrays.equals(line, i, i + pattern.length, pattern, 0, pattern.length)) {
            cut = i;
            moved = true;
          }
        }
      }
    }
    // A secret as long as the line cannot be kept whole.
    return cut == 0 ? length : cut;
  }
}

package dev.pipewright.contract;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// Which of the known names a misspelt one may have meant.
public final class Nearest {
  /// Beyond this many there is no guessing: it would cost more than it helps.
  private static final int MOST = 2000;

  private Nearest() {}

  /// The nearest names, quoted: `'age', 'page' or 'wage'`.
  public static String of(String wrong, Collection<String> known, int limit) {
    var wanted = wrong.strip().toLowerCase(Locale.ROOT);
    var names =
        known.stream()
            .limit(MOST)
            .sorted(Comparator.comparingDouble(name -> distance(wanted, name)))
            .limit(limit)
            .map(name -> "'" + name + "'")
            .collect(Collectors.toList());
    if (names.size() < 2) {
      return String.join("", names);
    }
    var last = names.removeLast();
    return String.join(", ", names) + " or " + last;
  }

  /// The name that was very probably meant; empty where none is near.
  public static Optional<String> likely(String wrong, Collection<String> known) {
    var wanted = wrong.strip().toLowerCase(Locale.ROOT);
    return known.size() > MOST
        ? Optional.empty()
        : known.stream()
            .filter(name -> distance(wanted, name) <= 0.4)
            .min(Comparator.comparingDouble(name -> distance(wanted, name)));
  }

  /// Edits by Levenshtein, in parts of the longer name; a name that holds the other one counts as
  /// near.
  private static double distance(String a, String name) {
    var b = name.toLowerCase(Locale.ROOT);
    if (a.length() > 200 || b.length() > 200) {
      return a.equals(b) ? 0 : 1;
    }
    var row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    double share = row[b.length()] / (double) Math.max(1, Math.max(a.length(), b.length()));
    boolean holds = a.length() > 2 && b.length() > 2 && (a.contains(b) || b.contains(a));
    return holds ? share / 2 : share;
  }
}

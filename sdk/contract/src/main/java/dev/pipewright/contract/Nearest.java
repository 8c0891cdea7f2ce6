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

  /// Edits by Levenshtein, two swapped letters being one, in parts of the longer name; a name that
  /// holds the other one counts as near.
  private static double distance(String a, String name) {
    var b = name.toLowerCase(Locale.ROOT);
    if (a.length() > 200 || b.length() > 200) {
      return a.equals(b) ? 0 : 1;
    }
    var edits = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          edits[i][j] = i + j;
          continue;
        }
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        int change = edits[i - 1][j - 1] + (same ? 0 : 1);
        edits[i][j] = Math.min(change, Math.min(edits[i - 1][j], edits[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
        }
      }
    }
    double share =
        edits[a.length()][b.length()] / (double) Math.max(1, Math.max(a.length(), b.length()));
    boolean holds = a.length() > 2 && b.length() > 2 && (a.contains(b) || b.contains(a));
    return holds ? share / 2 : share;
  }
}

package dev.pipewright.client.tracking;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.util.regex.Pattern;

/// What the tracker takes as a key: told where it is written, and not an hour later in a log.
final class Names {
  static final int KEY = 250;
  static final int PARAM_VALUE = 6000;
  static final int TAG_VALUE = 8000;

  private static final Pattern CHARACTERS =
      Pattern.compile("[/\\w.\\- :]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern NOT_A_PATH =
      Pattern.compile("^/|//|/$|^\\.\\.?$|^\\.\\.?/|/\\.\\.?/|/\\.\\.?$");

  private Names() {}

  static void check(String what, String key) {
    if (!CHARACTERS.matcher(key).matches() || NOT_A_PATH.matcher(key).find()) {
      throw invalid(
          "'%s' is not a %s's key. Use letters, digits, '_', '-', '.', ' ', ':' and '/', in the form of a relative path."
              .formatted(key, what));
    }
    length(what + "'s key '" + key + "'", key, KEY);
  }

  static void length(String what, String text, int most) {
    if (text.codePointCount(0, text.length()) > most) {
      throw invalid("The %s is longer than %d characters.".formatted(what, most));
    }
  }

  /// Where a file goes in a run: relative, with `/` between the parts.
  static String path(String path) {
    if (path.isEmpty() || NOT_A_PATH.matcher(path).find() || path.indexOf('\0') >= 0) {
      throw invalid("'" + path + "' is not the relative path of an artifact.");
    }
    return path;
  }

  static ProblemException invalid(String detail) {
    return new ProblemException(ProblemCode.INPUT_INVALID, detail);
  }
}

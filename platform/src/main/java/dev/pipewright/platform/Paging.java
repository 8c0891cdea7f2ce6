package dev.pipewright.platform;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Keyset paging: a page's `next` names the last row seen, so a page costs the same however deep it
/// is, and rows that arrive meanwhile shift nothing.
public final class Paging {
  public static final String DEFAULT_LIMIT = "50";
  private static final int MOST = 1_000;

  private Paging() {}

  /// Checks a `limit` parameter.
  public static int limit(int wanted) {
    return limit(wanted, MOST);
  }

  /// Checks a `limit` parameter of a list whose items are small.
  public static int limit(int wanted, int most) {
    if (wanted < 1 || wanted > most) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "limit is " + wanted + "; it must be between 1 and " + most + ".");
    }
    return wanted;
  }

  /// Makes a page out of up to `limit + 1` rows, the last of which only says that there is more.
  public static <R, T> Page<T> page(
      List<R> rows, int limit, Function<R, String> key, Function<R, T> item) {
    boolean more = rows.size() > limit;
    var shown = more ? rows.subList(0, limit) : rows;
    return new Page<>(
        shown.stream().map(item).toList(), more ? encode(key.apply(shown.getLast())) : null);
  }

  /// The row key inside an `after` parameter; null when there is none.
  public static @Nullable String after(@Nullable String cursor) {
    if (cursor == null || cursor.isEmpty()) {
      return null;
    }
    try {
      return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw badCursor(cursor);
    }
  }

  /// The row number inside an `after` parameter; null when there is none.
  public static @Nullable Long number(@Nullable String cursor) {
    var key = after(cursor);
    try {
      return key == null ? null : Long.valueOf(key);
    } catch (NumberFormatException e) {
      throw badCursor(cursor);
    }
  }

  /// What an `after` that no page gave is answered with.
  public static ProblemException badCursor(String cursor) {
    return new ProblemException(
        ProblemCode.BAD_REQUEST,
        "after=" + cursor + " is not a page's 'next'.",
        "Pass a page's 'next' unchanged, or leave 'after' out for the first page.");
  }

  private static String encode(String key) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(key.getBytes(StandardCharsets.UTF_8));
  }
}

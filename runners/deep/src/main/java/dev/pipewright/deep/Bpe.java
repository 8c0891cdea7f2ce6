package dev.pipewright.deep;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Pattern;

/// Cuts text into tokens and puts it together again, whatever the text: the first tokens are the
/// 256 bytes, each further one is a pair of earlier ones that was frequent in the corpus it was
/// trained on. Token 0 is no text: the end of one, or padding.
public final class Bpe {
  static final int END = 0;
  private static final int FIRST = 1;
  private static final int BYTES = 256;
  private static final int REMEMBERED = 100_000;

  /// A word with the space before it, a number, signs, or white space. Nothing is left out.
  private static final Pattern PIECE =
      Pattern.compile(" ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+");

  private final int[][] merges;
  private final Map<Long, Integer> ranks = new HashMap<>();
  private final Map<String, int[]> known = new HashMap<>();

  /// @param merges the two tokens of each further token
  @JsonCreator
  public Bpe(@JsonProperty("merges") int[][] merges) {
    this.merges = merges;
    for (int i = 0; i < merges.length; i++) {
      ranks.put(pair(merges[i][0], merges[i][1]), i);
    }
  }

  @JsonProperty("merges")
  int[][] merges() {
    return merges;
  }

  /// How many tokens there are.
  public int size() {
    return FIRST + BYTES + merges.length;
  }

  /// Counts the pieces of a corpus, text by text, to train on.
  static final class Counts {
    private final Map<String, Integer> pieces = new HashMap<>();

    void add(String text) {
      var matcher = PIECE.matcher(text);
      while (matcher.find()) {
        if (pieces.size() < 1_000_000 || pieces.containsKey(matcher.group())) {
          pieces.merge(matcher.group(), 1, Integer::sum);
        }
      }
    }
  }

  private static long pair(int one, int other) {
    return (long) one << 32 | other;
  }

  private record Ranked(long pair, int count) {}

  /// Learns which pairs are frequent.
  ///
  /// @param size how many tokens there are to be, at most
  static Bpe train(Counts counts, int size) {
    var words = new ArrayList<int[]>();
    var weights = new ArrayList<Integer>();
    // In an order of their own, so that the same corpus always gives the same tokens.
    counts.pieces.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(each -> {
          words.add(bytes(each.getKey()));
          weights.add(each.getValue());
        });
    var pairs = new HashMap<Long, Integer>();
    var places = new HashMap<Long, Set<Integer>>();
    for (int word = 0; word < words.size(); word++) {
      count(words.get(word), word, weights.get(word), pairs, places);
    }
    var queue =
        new PriorityQueue<Ranked>((one, other) ->
            one.count != other.count
                ? Integer.compare(other.count, one.count)
                : Long.compare(one.pair, other.pair));
    pairs.forEach((pair, count) -> queue.add(new Ranked(pair, count)));
    var merges = new ArrayList<int[]>();
    while (FIRST + BYTES + merges.size() < size && !queue.isEmpty()) {
      var top = queue.poll();
      int now = pairs.getOrDefault(top.pair, 0);
      if (now < 2) {
        continue;
      }
      if (now != top.count) {
        queue.add(new Ranked(top.pair, now));
        continue;
      }
      int one = (int) (top.pair >>> 32);
      int other = (int) top.pair;
      int token = FIRST + BYTES + merges.size();
      merges.add(new int[] {one, other});
      var changed = new HashSet<Long>();
      for (int word : places.getOrDefault(top.pair, Set.of()).stream().sorted().toList()) {
        var before = words.get(word);
        var after = merged(before, one, other, token);
        if (after.length == before.length) {
          continue;
        }
        int weight = weights.get(word);
        for (int i = 0; i + 1 < before.length; i++) {
          pairs.merge(pair(before[i], before[i + 1]), -weight, Integer::sum);
        }
        count(after, word, weight, pairs, places);
        for (int i = 0; i + 1 < after.length; i++) {
          changed.add(pair(after[i], after[i + 1]));
        }
        words.set(word, after);
      }
      pairs.remove(top.pair);
      changed.forEach(pair -> queue.add(new Ranked(pair, pairs.getOrDefault(pair, 0))));
    }
    return new Bpe(merges.toArray(int[][]::new));
  }

  private static void count(
      int[] word, int place, int weight, Map<Long, Integer> pairs, Map<Long, Set<Integer>> places) {
    for (int i = 0; i + 1 < word.length; i++) {
      long pair = pair(word[i], word[i + 1]);
      pairs.merge(pair, weight, Integer::sum);
      places.computeIfAbsent(pair, _ -> new HashSet<>()).add(place);
    }
  }

  private static int[] merged(int[] word, int one, int other, int token) {
    var merged = new int[word.length];
    int length = 0;
    for (int i = 0; i < word.length; i++) {
      if (i + 1 < word.length && word[i] == one && word[i + 1] == other) {
        merged[length++] = token;
        i++;
      } else {
        merged[length++] = word[i];
      }
    }
    return length == word.length ? word : Arrays.copyOf(merged, length);
  }

  private static int[] bytes(String piece) {
    var bytes = piece.getBytes(StandardCharsets.UTF_8);
    var tokens = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      tokens[i] = FIRST + (bytes[i] & 0xff);
    }
    return tokens;
  }

  /// The text's tokens. Not for several threads at once.
  public int[] encode(String text) {
    var tokens = new ArrayList<int[]>();
    int length = 0;
    var matcher = PIECE.matcher(text);
    while (matcher.find()) {
      var piece = piece(matcher.group());
      tokens.add(piece);
      length += piece.length;
    }
    var all = new int[length];
    int at = 0;
    for (var piece : tokens) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    return all;
  }

  private int[] piece(String piece) {
    var before = known.get(piece);
    if (before != null) {
      return before;
    }
    var tokens = bytes(piece);
    while (tokens.length > 1) {
      int best = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < tokens.length; i++) {
        best = Math.min(best, ranks.getOrDefault(pair(tokens[i], tokens[i + 1]), best));
      }
      if (best == Integer.MAX_VALUE) {
        break;
      }
      tokens = merged(tokens, merges[best][0], merges[best][1], FIRST + BYTES + best);
    }
    if (known.size() < REMEMBERED) {
      known.put(piece, tokens);
    }
    return tokens;
  }

  /// The text of some tokens; of a character that is cut off, what stands for a broken one.
  public String decode(List<Integer> tokens) {
    var bytes = new ByteArrayOutputStream();
    tokens.forEach(token -> append(token, bytes));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private void append(int token, ByteArrayOutputStream bytes) {
    if (token >= FIRST + BYTES) {
      var merge = merges[token - FIRST - BYTES];
      append(merge[0], bytes);
      append(merge[1], bytes);
    } else if (token >= FIRST) {
      bytes.write(token - FIRST);
    }
  }
}

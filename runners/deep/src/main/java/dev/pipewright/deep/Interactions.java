package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Examples of who chose what: given a user, the item is to be found.
///
/// @param seen for each user, sorted: items that are no answer any more; null to leave none out
record Interactions(int[] users, int[] items, int @Nullable [][] seen, int all)
    implements Examples {
  private static final float NEVER = -1e9f;

  @Override
  public int size() {
    return users.length;
  }

  @Override
  public Batch batch(NDManager manager, int[] places) {
    var who = new long[places.length];
    var what = new long[places.length];
    for (int i = 0; i < places.length; i++) {
      who[i] = users[places[i]];
      what[i] = items[places[i]];
    }
    var labels = new NDList(manager.create(what));
    if (seen != null) {
      labels.add(leftOut(manager, who, what));
    }
    return new Batch(new NDList(manager.create(who)), labels);
  }

  private NDArray leftOut(NDManager manager, long[] who, long[] what) {
    var out = new float[who.length * all];
    for (int i = 0; i < who.length; i++) {
      for (int item : seen[(int) who[i]]) {
        if (item != what[i]) {
          out[i * all + item] = NEVER;
        }
      }
    }
    return manager.create(out, new Shape(who.length, all));
  }

  /// What each user chose, sorted.
  static int[][] byUser(int[] users, int[] items, int all) {
    var counts = new int[all];
    for (int user : users) {
      counts[user]++;
    }
    var lists = new int[all][];
    for (int user = 0; user < all; user++) {
      lists[user] = new int[counts[user]];
    }
    Arrays.fill(counts, 0);
    for (int i = 0; i < users.length; i++) {
      lists[users[i]][counts[users[i]]++] = items[i];
    }
    for (var list : lists) {
      Arrays.sort(list);
    }
    return lists;
  }
}

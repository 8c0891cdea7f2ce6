package dev.pipewright.tabular.unlabelled;

/// How well rows lie in their clusters (Rousseeuw, "Silhouettes", 1987).
final class Silhouette {
  private Silhouette() {}

  /// The mean over all rows, from -1 to 1: how much nearer a row's own cluster is than the next
  /// one. A row that is alone in its cluster counts 0.
  static double of(double[][] rows, int[] labels, int clusters) {
    var sizes = new int[clusters];
    for (int label : labels) {
      sizes[label]++;
    }
    double sum = 0;
    for (int i = 0; i < rows.length; i++) {
      if (sizes[labels[i]] > 1) {
        var distances = new double[clusters];
        for (int j = 0; j < rows.length; j++) {
          distances[labels[j]] += Math.sqrt(Rows.squaredDistance(rows[i], rows[j]));
        }
        double own = distances[labels[i]] / (sizes[labels[i]] - 1);
        double next = Double.POSITIVE_INFINITY;
        for (int c = 0; c < clusters; c++) {
          if (c != labels[i] && sizes[c] > 0) {
            next = Math.min(next, distances[c] / sizes[c]);
          }
        }
        double most = Math.max(own, next);
        sum += most == 0 || next == Double.POSITIVE_INFINITY ? 0 : (next - own) / most;
      }
    }
    return sum / rows.length;
  }
}

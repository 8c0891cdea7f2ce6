package dev.pipewright.tabular.unlabelled;

/// The two directions in which rows differ most, by power iteration on their covariances.
///
/// @param directions of length 1, at right angles
/// @param share of the variance that lies in them
record Principal(double[] means, double[][] directions, double share) {
  private static final int ROUNDS = 200;

  static double[] means(double[][] rows) {
    var means = new double[rows[0].length];
    for (var row : rows) {
      for (int i = 0; i < means.length; i++) {
        means[i] += row[i] / rows.length;
      }
    }
    return means;
  }

  static Principal of(double[][] rows) {
    var means = means(rows);
    var covariance = covariance(rows, means);
    double variance = 0;
    for (int i = 0; i < means.length; i++) {
      variance += covariance[i][i];
    }
    var directions = new double[2][];
    double explained = 0;
    for (int component = 0; component < 2; component++) {
      var direction = strongest(covariance);
      double strength = dot(direction, times(covariance, direction));
      for (int i = 0; i < means.length; i++) {
        for (int j = 0; j < means.length; j++) {
          covariance[i][j] -= strength * direction[i] * direction[j];
        }
      }
      directions[component] = direction;
      explained += strength;
    }
    return new Principal(means, directions, variance > 0 ? explained / variance : 0);
  }

  double along(int component, double[] row) {
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      sum += (row[i] - means[i]) * directions[component][i];
    }
    return sum;
  }

  private static double[][] covariance(double[][] rows, double[] means) {
    int width = means.length;
    var covariance = new double[width][width];
    for (var row : rows) {
      for (int i = 0; i < width; i++) {
        double off = (row[i] - means[i]) / rows.length;
        for (int j = 0; j < width; j++) {
          covariance[i][j] += off * (row[j] - means[j]);
        }
      }
    }
    return covariance;
  }

  /// Begins where the variance is largest, so that the same rows always give the same signs.
  private static double[] strongest(double[][] covariance) {
    int begin = 0;
    for (int i = 1; i < covariance.length; i++) {
      begin = covariance[i][i] > covariance[begin][begin] ? i : begin;
    }
    var direction = covariance[begin].clone();
    direction[begin] += 1e-12;
    for (int round = 0; round < ROUNDS; round++) {
      double length = Math.sqrt(dot(direction, direction));
      for (int i = 0; i < direction.length; i++) {
        direction[i] /= length;
      }
      var next = times(covariance, direction);
      if (round == ROUNDS - 1 || dot(next, next) < 1e-24) {
        break;
      }
      direction = next;
    }
    return direction;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    var product = new double[vector.length];
    for (int i = 0; i < product.length; i++) {
      product[i] = dot(matrix[i], vector);
    }
    return product;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}

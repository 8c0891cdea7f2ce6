package dev.pipewright.tune;

/// The eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations.
final class Symmetric {
  private static final int SWEEPS = 50;

  /// Square roots of the eigenvalues.
  private final double[] roots;

  /// An eigenvector in each column.
  private final double[][] vectors;

  private Symmetric(double[] roots, double[][] vectors) {
    this.roots = roots;
    this.vectors = vectors;
  }

  static Symmetric of(double[][] matrix) {
    int n = matrix.length;
    var a = new double[n][];
    var v = new double[n][n];
    for (int i = 0; i < n; i++) {
      a[i] = matrix[i].clone();
      v[i][i] = 1;
    }
    for (int sweep = 0; sweep < SWEEPS && offDiagonal(a) > 1e-22 * diagonal(a); sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          rotate(a, v, p, q);
        }
      }
    }
    var roots = new double[n];
    for (int i = 0; i < n; i++) {
      roots[i] = Math.sqrt(Math.max(a[i][i], 1e-16));
    }
    return new Symmetric(roots, v);
  }

  private static void rotate(double[][] a, double[][] v, int p, int q) {
    if (a[p][q] == 0) {
      return;
    }
    int n = a.length;
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double c = 1 / Math.sqrt(t * t + 1);
    double s = t * c;
    for (int k = 0; k < n; k++) {
      double kp = a[k][p];
      double kq = a[k][q];
      a[k][p] = c * kp - s * kq;
      a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
      double pk = a[p][k];
      double qk = a[q][k];
      a[p][k] = c * pk - s * qk;
      a[q][k] = s * pk + c * qk;
      double kp = v[k][p];
      double kq = v[k][q];
      v[k][p] = c * kp - s * kq;
      v[k][q] = s * kp + c * kq;
    }
  }

  private static double offDiagonal(double[][] a) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < i; j++) {
        sum += a[i][j] * a[i][j];
      }
    }
    return sum;
  }

  private static double diagonal(double[][] a) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i][i] * a[i][i];
    }
    return sum;
  }

  /// The matrix's square root, up to a rotation, times a vector.
  double[] stretch(double[] z) {
    int n = z.length;
    var y = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        y[i] += vectors[i][j] * roots[j] * z[j];
      }
    }
    return y;
  }

  /// The inverse of the matrix's symmetric square root, times a vector.
  double[] unstretch(double[] y) {
    int n = y.length;
    var x = new double[n];
    for (int j = 0; j < n; j++) {
      double along = 0;
      for (int i = 0; i < n; i++) {
        along += vectors[i][j] * y[i];
      }
      for (int i = 0; i < n; i++) {
        x[i] += vectors[i][j] * along / roots[j];
      }
    }
    return x;
  }

  /// The largest eigenvalue in parts of the smallest.
  double condition() {
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (double root : roots) {
      least = Math.min(least, root);
      most = Math.max(most, root);
    }
    return most * most / (least * least);
  }
}

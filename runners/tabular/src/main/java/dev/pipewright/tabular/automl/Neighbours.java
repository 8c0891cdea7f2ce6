package dev.pipewright.tabular.automl;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// The mean of the nearest training rows by Euclidean distance, each weighing one over its distance
/// where the param `weighted` says so. Each fold takes the number of them, up to [#MOST], with the
/// least loss.
final class Neighbours implements Learner {
  /// Columns between two looks at how far it is already.
  private static final int AT_ONCE = 16;

  private static final int MOST = 64;
  private static final int[] NUMBERS = {1, 2, 3, 5, 8, 12, 18, 27, 40, MOST};

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    boolean weighted = config.flag("weighted", true);
    var all = new Rows(goal, fold.train(), fold.trainLabels(), config.whole("k", 18), weighted);
    if (fold.valid().rows() == 0) {
      return new Fit(all, new double[0], 0);
    }
    var nearest = all.nearest(fold.valid(), Math.min(MOST, fold.train().rows()));
    var patience = new Patience(1e9, 1e9);
    for (int k : NUMBERS) {
      if (k <= fold.train().rows()) {
        var predicted = all.predict(nearest, fold.valid().rows(), k);
        patience.look(k, goal.loss(fold.validLabels(), predicted), predicted);
      }
    }
    return new Fit(
        new Rows(goal, fold.train(), fold.trainLabels(), patience.round(), weighted),
        patience.predicted(),
        patience.round());
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".neighbours.bin");
  }

  /// Positions and squared distances of the nearest rows of each row, the nearest first.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Nearest(int[] positions, float[] distances, int each) {}

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Rows(Goal goal, Matrix matrix, float[] labels, int k, boolean weighted)
      implements Fitted {
    Nearest nearest(Matrix asked, int most) {
      var positions = new int[asked.rows() * most];
      var distances = new float[asked.rows() * most];
      Arrays.fill(distances, Float.POSITIVE_INFINITY);
      int width = matrix.width();
      for (int row = 0; row < asked.rows(); row++) {
        int from = row * most;
        for (int other = 0; other < matrix.rows(); other++) {
          float worst = distances[from + most - 1];
          float distance = distance(asked.cells(), row * width, other * width, worst);
          if (distance < worst) {
            int at = from + most - 1;
            while (at > from && distances[at - 1] > distance) {
              distances[at] = distances[at - 1];
              positions[at] = positions[at - 1];
              at--;
            }
            distances[at] = distance;
            positions[at] = other;
          }
        }
      }
      return new Nearest(positions, distances, most);
    }

    /// The squared distance of two rows, or something that is not less than `worst`.
    private float distance(float[] asked, int row, int other, float worst) {
      var cells = matrix.cells();
      int width = matrix.width();
      float distance = 0;
      int c = 0;
      // Four sums do not wait for each other, and most rows are too far after a part of the way.
      for (; c + AT_ONCE <= width && distance < worst; c += AT_ONCE) {
        float one = 0;
        float two = 0;
        float three = 0;
        float four = 0;
        for (int i = c; i < c + AT_ONCE; i += 4) {
          float a = asked[row + i] - cells[other + i];
          float b = asked[row + i + 1] - cells[other + i + 1];
          float d = asked[row + i + 2] - cells[other + i + 2];
          float e = asked[row + i + 3] - cells[other + i + 3];
          one += a * a;
          two += b * b;
          three += d * d;
          four += e * e;
        }
        distance += one + two + (three + four);
      }
      for (; c < width && distance < worst; c++) {
        float difference = asked[row + c] - cells[other + c];
        distance += difference * difference;
      }
      return distance;
    }

    double[] predict(Nearest nearest, int rows, int number) {
      int outputs = goal.outputs();
      var out = new double[rows * outputs];
      for (int row = 0; row < rows; row++) {
        double weights = 0;
        for (int i = 0; i < number; i++) {
          int at = row * nearest.each + i;
          double weight = weighted ? 1 / (Math.sqrt(nearest.distances[at]) + 1e-6) : 1;
          float label = labels[nearest.positions[at]];
          weights += weight;
          if (goal.kind() == Goal.Kind.MULTICLASS) {
            out[row * outputs + (int) label] += weight;
          } else {
            out[row] += weight * label;
          }
        }
        for (int o = 0; o < outputs; o++) {
          int at = row * outputs + o;
          out[at] /= weights;
          if (!goal.regression()) {
            // As if one more row were of every class in equal parts: none is impossible.
            int classes = Math.max(2, goal.classes());
            out[at] = (out[at] * number + 1.0 / classes) / (number + 1);
          }
        }
      }
      return out;
    }

    @Override
    public double[] predict(Matrix asked) {
      return predict(nearest(asked, k), asked.rows(), k);
    }

    @Override
    public void save(Path file) throws IOException {
      try (var out =
          new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(named(file))))) {
        out.writeInt(k);
        out.writeBoolean(weighted);
        out.writeInt(matrix.rows());
        out.writeInt(matrix.width());
        for (int i = 0; i < matrix.rows() * matrix.width(); i++) {
          out.writeFloat(matrix.cells()[i]);
        }
        for (float label : labels) {
          out.writeFloat(label);
        }
      }
    }
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(named(file))))) {
      int k = in.readInt();
      boolean weighted = in.readBoolean();
      int rows = in.readInt();
      int width = in.readInt();
      var cells = new float[rows * width];
      for (int i = 0; i < cells.length; i++) {
        cells[i] = in.readFloat();
      }
      var labels = new float[rows];
      for (int i = 0; i < rows; i++) {
        labels[i] = in.readFloat();
      }
      return new Rows(goal, new Matrix(cells, rows, width), labels, k, weighted);
    }
  }
}

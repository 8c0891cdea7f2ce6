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
  private static final int MOST = 64;
  private static final int[] NUMBERS = {1, 2, 3, 5, 8, 12, 18, 27, 40, MOST};

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    boolean weighted = config.flag("weighted", true);
    var known = Columns.of(fold.train());
    var all = new Rows(goal, known, fold.trainLabels(), config.whole("k", 18), weighted);
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
        new Rows(goal, known, fold.trainLabels(), patience.round(), weighted),
        patience.predicted(),
        patience.round());
  }

  private static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".neighbours.bin");
  }

  /// Positions and squared distances of the nearest rows of each row, the nearest first.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Nearest(int[] positions, float[] distances, int each) {}

  /// A matrix, column by column: the distances of one row to all of them grow together, in loops
  /// over arrays with the same positions, which are the ones that become vector instructions.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Columns(float[][] cells, int rows) {
    /// So many rows at once that their columns stay in the cache for the next one who asks.
    static final int BLOCK = 512;

    static Columns of(Matrix matrix) {
      var cells = new float[matrix.width()][matrix.rows()];
      for (int row = 0; row < matrix.rows(); row++) {
        for (int c = 0; c < cells.length; c++) {
          cells[c][row] = matrix.cells()[row * cells.length + c];
        }
      }
      return new Columns(cells, matrix.rows());
    }

    /// The squared distances between a row and those of a block.
    ///
    /// @param at where the row begins in `asked`
    void distances(float[] asked, int at, int first, int to, float[] into) {
      Arrays.fill(into, first, to, 0);
      int c = 0;
      for (; c + 4 <= cells.length; c += 4) {
        add(
            asked[at + c],
            asked[at + c + 1],
            asked[at + c + 2],
            asked[at + c + 3],
            cells[c],
            cells[c + 1],
            cells[c + 2],
            cells[c + 3],
            first,
            to,
            into);
      }
      for (; c < cells.length; c++) {
        float a = asked[at + c];
        var column = cells[c];
        for (int i = first; i < to; i++) {
          into[i] += (a - column[i]) * (a - column[i]);
        }
      }
    }

    private static void add(
        float a,
        float b,
        float c,
        float d,
        float[] as,
        float[] bs,
        float[] cs,
        float[] ds,
        int first,
        int to,
        float[] into) {
      for (int i = first; i < to; i++) {
        float one = a - as[i];
        float two = b - bs[i];
        float three = c - cs[i];
        float four = d - ds[i];
        into[i] += one * one + two * two + (three * three + four * four);
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Rows(Goal goal, Columns known, float[] labels, int k, boolean weighted)
      implements Fitted {
    Nearest nearest(Matrix asked, int most) {
      var positions = new int[asked.rows() * most];
      var distances = new float[asked.rows() * most];
      Arrays.fill(distances, Float.POSITIVE_INFINITY);
      var all = new float[known.rows];
      for (int first = 0; first < known.rows; first += Columns.BLOCK) {
        int to = Math.min(known.rows, first + Columns.BLOCK);
        for (int row = 0; row < asked.rows(); row++) {
          known.distances(asked.cells(), row * asked.width(), first, to, all);
          int from = row * most;
          float worst = distances[from + most - 1];
          for (int other = first; other < to; other++) {
            float distance = all[other];
            if (distance < worst) {
              int at = from + most - 1;
              while (at > from && distances[at - 1] > distance) {
                distances[at] = distances[at - 1];
                positions[at] = positions[at - 1];
                at--;
              }
              distances[at] = distance;
              positions[at] = other;
              worst = distances[from + most - 1];
            }
          }
        }
      }
      return new Nearest(positions, distances, most);
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
        out.writeInt(known.rows);
        out.writeInt(known.cells.length);
        for (int row = 0; row < known.rows; row++) {
          for (var column : known.cells) {
            out.writeFloat(column[row]);
          }
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
      return new Rows(goal, Columns.of(new Matrix(cells, rows, width)), labels, k, weighted);
    }
  }
}

package dev.pipewright.tabular.automl;

import dev.pipewright.tabular.onnx.Graph;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A trained network, predicting in plain Java: what serves it needs no native library.
///
/// @param activation between the layers
/// @param scales by which each input is multiplied first
/// @param mean that a regression's output is moved by after it was multiplied by `deviation`
/// @param least and `most`: between which a regression's predictions are kept
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Net(
    Goal goal,
    Activation activation,
    float[] scales,
    List<Layer> layers,
    double mean,
    double deviation,
    double least,
    double most)
    implements Fitted {
  private static final int BLOCK = 64;

  /// Between the layers.
  enum Activation {
    RELU,
    MISH,
    SELU,
    SILU;

    String export(Graph graph, String x) {
      return switch (this) {
        case RELU -> graph.op("Relu", x);
        case MISH -> graph.op("Mul", x, graph.op("Tanh", graph.op("Softplus", x)));
        case SELU -> graph.op("Selu", x);
        case SILU -> graph.op("Mul", x, graph.op("Sigmoid", x));
      };
    }

    float of(float x) {
      return switch (this) {
        case RELU -> Math.max(0, x);
        case MISH -> mish(x);
        case SELU ->
            (float) (1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1)));
        case SILU -> (float) (x / (1 + Math.exp(-x)));
      };
    }
  }

  /// `x · tanh(log(1 + e^x))`, with the hyperbolic tangent written out so that one exponential is
  /// enough.
  private static float mish(float x) {
    if (x > 20) {
      return x;
    }
    double e = Math.exp(x);
    double squares = e * (e + 2);
    return (float) (x * squares / (squares + 2));
  }

  /// `y = x · weights + bias`
  ///
  /// @param weights of the first input to all outputs, then of the second
  record Layer(float[] weights, float[] bias, int in, int out) {}

  @Override
  public double[] predict(Matrix matrix) {
    int outputs = goal.outputs();
    var predicted = new double[matrix.rows() * outputs];
    for (int from = 0; from < matrix.rows(); from += BLOCK) {
      int rows = Math.min(BLOCK, matrix.rows() - from);
      write(forward(matrix, from, rows), from, rows, predicted);
    }
    return predicted;
  }

  private float[] forward(Matrix matrix, int from, int rows) {
    int width = scales.length;
    var x = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < Math.min(width, matrix.width()); c++) {
        x[row * width + c] = matrix.cells()[(from + row) * matrix.width() + c] * scales[c];
      }
    }
    for (int l = 0; l < layers.size(); l++) {
      var layer = layers.get(l);
      var y = new float[rows * layer.out];
      for (int row = 0; row < rows; row++) {
        int to = row * layer.out;
        System.arraycopy(layer.bias, 0, y, to, layer.out);
        for (int i = 0; i < layer.in; i++) {
          float factor = x[row * layer.in + i];
          if (factor != 0) {
            int at = i * layer.out;
            for (int o = 0; o < layer.out; o++) {
              y[to + o] += factor * layer.weights[at + o];
            }
          }
        }
      }
      if (l < layers.size() - 1) {
        for (int i = 0; i < y.length; i++) {
          y[i] = activation.of(y[i]);
        }
      }
      x = y;
    }
    return x;
  }

  private void write(float[] out, int from, int rows, double[] predicted) {
    switch (goal.kind()) {
      case REGRESSION -> {
        for (int row = 0; row < rows; row++) {
          predicted[from + row] = Math.clamp(out[row] * deviation + mean, least, most);
        }
      }
      case BINARY -> {
        for (int row = 0; row < rows; row++) {
          predicted[from + row] = 1 / (1 + Math.exp((double) out[2 * row] - out[2 * row + 1]));
        }
      }
      case MULTICLASS -> {
        int k = goal.classes();
        var margins = new double[rows * k];
        for (int i = 0; i < margins.length; i++) {
          margins[i] = out[i];
        }
        Links.apply(margins, goal);
        System.arraycopy(margins, 0, predicted, from * k, margins.length);
      }
    }
  }

  @Override
  public String export(Graph graph, String matrix) {
    var x = graph.op("Mul", matrix, graph.floats(scales, scales.length));
    for (int l = 0; l < layers.size(); l++) {
      var layer = layers.get(l);
      x =
          graph.op(
              "Add",
              graph.op("MatMul", x, graph.floats(layer.weights, layer.in, layer.out)),
              graph.floats(layer.bias, layer.out));
      if (l < layers.size() - 1) {
        x = activation.export(graph, x);
      }
    }
    var out = graph.cast(x, Graph.Type.DOUBLE);
    return switch (goal.kind()) {
      case REGRESSION ->
          graph.op(
              "Clip",
              graph.op("Add", graph.op("Mul", out, graph.exact(deviation)), graph.exact(mean)),
              graph.exact(least),
              graph.exact(most));
      case BINARY ->
          graph.op("Sigmoid", graph.op("MatMul", out, graph.doubles(new double[] {-1, 1}, 2, 1)));
      case MULTICLASS -> Links.export(graph, out, goal);
    };
  }

  static Path named(Path file) {
    return file.resolveSibling(file.getFileName() + ".network.bin");
  }

  @Override
  public void save(Path file) throws IOException {
    try (var out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(named(file))))) {
      out.writeUTF(activation.name());
      out.writeDouble(mean);
      out.writeDouble(deviation);
      out.writeDouble(least);
      out.writeDouble(most);
      write(out, scales);
      out.writeInt(layers.size());
      for (var layer : layers) {
        out.writeInt(layer.in);
        out.writeInt(layer.out);
        write(out, layer.weights);
        write(out, layer.bias);
      }
    }
  }

  private static void write(DataOutputStream out, float[] values) throws IOException {
    out.writeInt(values.length);
    for (float value : values) {
      out.writeFloat(value);
    }
  }

  static Net read(Path file, Goal goal) throws IOException {
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(named(file))))) {
      var activation = Activation.valueOf(in.readUTF());
      double mean = in.readDouble();
      double deviation = in.readDouble();
      double least = in.readDouble();
      double most = in.readDouble();
      var scales = floats(in);
      var layers = new ArrayList<Layer>();
      for (int left = in.readInt(); left > 0; left--) {
        int width = in.readInt();
        int out = in.readInt();
        layers.add(new Layer(floats(in), floats(in), width, out));
      }
      return new Net(goal, activation, scales, layers, mean, deviation, least, most);
    }
  }

  private static float[] floats(DataInputStream in) throws IOException {
    var values = new float[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readFloat();
    }
    return values;
  }
}

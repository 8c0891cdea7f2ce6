package dev.pipewright.deep;

import dev.pipewright.tabular.onnx.Answers;
import dev.pipewright.tabular.onnx.Graph;
import dev.pipewright.tabular.onnx.Graph.Op;
import dev.pipewright.tabular.onnx.Graph.Type;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A network as an ONNX graph. What the preparation does to numbers is part of it; texts go in as
/// tokens.
final class NetworkGraph {
  private static final float EPSILON = 1e-5f;
  private static final float NEVER = -3e4f;

  private final Graph graph = new Graph("network");
  private final Card card;
  private final Map<String, SafeTensors.Tensor> weights;

  private NetworkGraph(Card card, Map<String, SafeTensors.Tensor> weights) {
    this.card = card;
    this.weights = weights;
  }

  static Graph of(Card card, Map<String, SafeTensors.Tensor> weights) {
    return new NetworkGraph(card, weights).graph();
  }

  private Graph graph() {
    switch (card.architecture()) {
      case Architecture.Mlp _ -> answer(dense(rows()));
      case Architecture.Cnn cnn -> answer(convolutional(cnn, image()));
      case Architecture.Recurrent recurrent -> answer(recurrent(recurrent));
      case Architecture.Transformer transformer ->
          answer(
              linear(
                  tower(transformer.width(), transformer.heads(), transformer.layers(), false),
                  "02Linear"));
      case Architecture.Gpt gpt ->
          graph.output(
              "scores",
              linear(tower(gpt.width(), gpt.heads(), gpt.layers(), true), "02Linear"),
              Type.FLOAT,
              "rows",
              "length",
              gpt.vocabulary());
      case Architecture.Factors factors -> factors(factors);
    }
    return graph;
  }

  /// Logits or a scaled number as what the model says.
  private void answer(String out) {
    var goal = card.goal();
    if (goal == null) {
      throw new IllegalStateException("nothing is to be found");
    }
    var exact = graph.cast(out, Type.DOUBLE);
    if (goal.regression()) {
      Answers.number(
          graph,
          graph.op(
              "Add", graph.op("Mul", exact, graph.exact(goal.spread())), graph.exact(goal.mean())));
    } else {
      Answers.classes(graph, goal.classes(), graph.op(new Op("Softmax").set("axis", 1), exact));
    }
  }

  private String weight(String name) {
    var tensor = weights.get(name);
    if (tensor == null) {
      throw new IllegalStateException("no weights are called " + name);
    }
    return graph.floats(tensor.data(), tensor.shape());
  }

  private float[] numbers(String name) {
    var tensor = weights.get(name);
    if (tensor == null) {
      throw new IllegalStateException("no weights are called " + name);
    }
    var numbers = new float[(int) tensor.size()];
    tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
    return numbers;
  }

  /// The layers of a block in their order, by the beginnings of their parameters' names.
  private List<String> layers() {
    var layers = new TreeMap<Integer, String>();
    for (var name : weights.keySet()) {
      var layer = name.substring(0, name.indexOf('_'));
      layers.put(Integer.parseInt(layer.replaceAll("\\D.*", "")), layer);
    }
    return List.copyOf(layers.values());
  }

  private String linear(String x, String layer) {
    var turned = graph.op(new Op("Transpose").set("perm", 1L, 0L), weight(layer + "_weight"));
    var product = graph.op("MatMul", x, turned);
    return weights.containsKey(layer + "_bias")
        ? graph.op("Add", product, weight(layer + "_bias"))
        : product;
  }

  private String batchNorm(String x, String layer) {
    return graph.op(
        new Op("BatchNormalization").set("epsilon", EPSILON),
        x,
        weight(layer + "_gamma"),
        weight(layer + "_beta"),
        weight(layer + "_runningMean"),
        weight(layer + "_runningVar"));
  }

  private String dense(String x) {
    for (var layer : layers()) {
      x = layer.endsWith("BatchNorm") ? graph.op("Relu", batchNorm(x, layer)) : linear(x, layer);
    }
    return x;
  }

  private String convolutional(Architecture.Cnn cnn, String x) {
    int side = Math.min(cnn.height(), cnn.width());
    boolean flat = false;
    for (var layer : layers()) {
      if (layer.endsWith("Conv2d")) {
        x =
            graph.op(
                new Op("Conv").set("kernel_shape", 3L, 3L).set("pads", 1L, 1L, 1L, 1L),
                x,
                weight(layer + "_weight"),
                weight(layer + "_bias"));
      } else if (layer.endsWith("BatchNorm")) {
        x = graph.op("Relu", batchNorm(x, layer));
        if (side > 3) {
          x = graph.op(new Op("MaxPool").set("kernel_shape", 2L, 2L).set("strides", 2L, 2L), x);
          side /= 2;
        }
      } else if (flat) {
        x = linear(graph.op("Relu", x), layer);
      } else {
        x = linear(graph.op(new Op("Flatten").set("axis", 1), x), layer);
        flat = true;
      }
    }
    return x;
  }

  /// The columns of a table, each an input.
  private String rows() {
    var rows = (Preparation.Rows) card.preparation();
    var parts = new ArrayList<String>();
    for (var number : rows.numbers()) {
      var x = graph.column(number.column(), Type.DOUBLE);
      var missing = graph.op("Or", graph.op("IsNaN", x), graph.op("IsInf", x));
      var value = graph.op("Where", missing, graph.exact(number.mean()), x);
      parts.add(
          graph.cast(
              graph.op(
                  "Div",
                  graph.op("Sub", value, graph.exact(number.mean())),
                  graph.exact(number.spread())),
              Type.FLOAT));
      if (number.missing()) {
        parts.add(graph.cast(missing, Type.FLOAT));
      }
    }
    for (var category : rows.categories()) {
      var text = graph.column(category.column(), Type.STRING);
      parts.add(graph.chosen(text, category.values()));
    }
    return graph.concat(1, parts);
  }

  private String image() {
    var images = (Images) card.preparation();
    var x =
        graph.input(
            "image", Type.FLOAT, "rows", images.channels(), images.height(), images.width());
    return graph.op(
        "Div",
        graph.op("Sub", x, graph.number((float) images.mean())),
        graph.number((float) images.spread()));
  }

  private String recurrent(Architecture.Recurrent recurrent) {
    var layers = layers();
    String steps;
    int first = 0;
    if (recurrent.vocabulary() > 0) {
      var tokens = graph.input("tokens", Type.INT64, "rows", "length");
      steps = graph.op("Gather", weight(layers.getFirst() + "_table"), tokens);
      first = 1;
    } else {
      steps = steps((Preparation.Steps) card.preparation());
    }
    var block = layers.get(first);
    // Steps come first here, then rows.
    var x = graph.op(new Op("Transpose").set("perm", 1L, 0L, 2L), steps);
    int width = recurrent.width();
    boolean lstm = recurrent.cell().equals("lstm");
    // PyTorch's gates are input, forget, cell, output, and reset, update, new.
    int[] gates = lstm ? new int[] {0, 3, 1, 2} : new int[] {1, 0, 2};
    var op = new Op(lstm ? "LSTM" : "GRU").set("hidden_size", width);
    if (!lstm) {
      op.set("linear_before_reset", 1);
    }
    var last = "";
    for (int layer = 0; layer < recurrent.layers(); layer++) {
      var name = block + "_l_" + layer + "_";
      long in = weights.get(name + "i2h_WEIGHT").shape()[1];
      var input = gated(numbers(name + "i2h_WEIGHT"), gates);
      var hidden = gated(numbers(name + "h2h_WEIGHT"), gates);
      var biases = new float[2 * gates.length * width];
      System.arraycopy(gated(numbers(name + "i2h_BIAS"), gates), 0, biases, 0, biases.length / 2);
      System.arraycopy(
          gated(numbers(name + "h2h_BIAS"), gates),
          0,
          biases,
          biases.length / 2,
          biases.length / 2);
      long rows = (long) gates.length * width;
      var out =
          graph.ops(
              op,
              2,
              x,
              graph.floats(input, 1, rows, in),
              graph.floats(hidden, 1, rows, width),
              graph.floats(biases, 1, biases.length));
      x = graph.op("Squeeze", out.get(0), graph.list(1));
      last = graph.op("Squeeze", out.get(1), graph.list(0));
    }
    return linear(last, layers.getLast());
  }

  /// The gates in another order.
  private static float[] gated(float[] weights, int[] gates) {
    var ordered = new float[weights.length];
    int each = weights.length / gates.length;
    for (int gate = 0; gate < gates.length; gate++) {
      System.arraycopy(weights, gates[gate] * each, ordered, gate * each, each);
    }
    return ordered;
  }

  /// Rows of numbers; what is missing, as the steps before a short sequence, counts as the mean.
  private String steps(Preparation.Steps steps) {
    int width = steps.numbers().size();
    var x = graph.input("steps", Type.DOUBLE, "rows", steps.length(), width);
    var means = steps.numbers().stream().mapToDouble(Preparation.Number::mean).toArray();
    var spreads = steps.numbers().stream().mapToDouble(Preparation.Number::spread).toArray();
    var mean = graph.doubles(means, width);
    var missing = graph.op("Or", graph.op("IsNaN", x), graph.op("IsInf", x));
    var value = graph.op("Where", missing, mean, x);
    return graph.cast(
        graph.op("Div", graph.op("Sub", value, mean), graph.doubles(spreads, width)), Type.FLOAT);
  }

  private String norm(String x, String layer) {
    return graph.op(
        new Op("LayerNormalization").set("axis", -1).set("epsilon", EPSILON),
        x,
        weight(layer + "_gamma"),
        weight(layer + "_beta"));
  }

  /// As [Attention.Tower].
  private String tower(int width, int heads, int layers, boolean back) {
    var ids = graph.input("tokens", Type.INT64, "rows", "length");
    var length = graph.op("Gather", graph.op("Shape", ids), graph.whole(1));
    var places = graph.op("Range", graph.whole(0), length, graph.whole(1));
    var x =
        graph.op(
            "Add",
            graph.op("Gather", weight("01Tower_tokens"), ids),
            graph.op("Gather", weight("01Tower_places"), places));
    var padding = graph.cast(graph.op("Equal", ids, graph.whole(0)), Type.FLOAT);
    var hidden =
        back
            ? graph.cast(
                graph.op(
                    "Greater",
                    graph.op("Unsqueeze", places, graph.list(0)),
                    graph.op("Unsqueeze", places, graph.list(1))),
                Type.FLOAT)
            : graph.op("Unsqueeze", padding, graph.list(1, 2));
    var mask = graph.op("Mul", hidden, graph.number(NEVER));
    for (int layer = 0; layer < layers; layer++) {
      x = layer(x, mask, "01Tower_%02dlayer-%d_".formatted(layer + 1, layer), width, heads);
    }
    x = norm(x, "01Tower_%02dnorm".formatted(layers + 1));
    if (back) {
      return x;
    }
    var present = graph.op("Unsqueeze", graph.op("Sub", graph.number(1), padding), graph.list(2));
    var sum =
        graph.op(
            new Op("ReduceSum").set("keepdims", 0), graph.op("Mul", x, present), graph.list(1));
    var count = graph.op(new Op("ReduceSum").set("keepdims", 0), present, graph.list(1));
    return graph.op("Div", sum, graph.op("Max", count, graph.number(1)));
  }

  private String layer(String x, String mask, String name, int width, int heads) {
    long each = width / heads;
    var parts =
        graph.ops(
            new Op("Split").set("axis", 2),
            3,
            linear(norm(x, name + "01norm-attention"), name + "02query-key-value"));
    var query =
        graph.op(
            "Mul",
            heads(parts.get(0), heads, each, 0, 2, 1, 3),
            graph.number((float) (1 / Math.sqrt(each))));
    var key = heads(parts.get(1), heads, each, 0, 2, 3, 1);
    var value = heads(parts.get(2), heads, each, 0, 2, 1, 3);
    var scores = graph.op("Add", graph.op("MatMul", query, key), mask);
    var mixed = graph.op("MatMul", graph.op(new Op("Softmax").set("axis", -1), scores), value);
    var together =
        graph.op(
            "Reshape",
            graph.op(new Op("Transpose").set("perm", 0L, 2L, 1L, 3L), mixed),
            graph.list(0, 0, width));
    x = graph.op("Add", linear(together, name + "03attention"), x);
    var wide = linear(norm(x, name + "04norm-feed"), name + "05feed-wide");
    var bent = graph.op("Erf", graph.op("Mul", wide, graph.number((float) Math.sqrt(0.5))));
    var gelu =
        graph.op(
            "Mul",
            graph.op("Mul", wide, graph.number(0.5f)),
            graph.op("Add", bent, graph.number(1)));
    return graph.op("Add", linear(gelu, name + "06feed-narrow"), x);
  }

  private String heads(String x, int heads, long each, long... order) {
    return graph.op(
        new Op("Transpose").set("perm", order),
        graph.op("Reshape", x, graph.list(0, 0, heads, each)));
  }

  /// A user who is not known is one of whom nothing is: what is left is how liked each item is.
  private void factors(Architecture.Factors factors) {
    var choices = (Preparation.Choices) card.preparation();
    var user = graph.input(choices.user(), Type.STRING, "rows");
    var at = graph.position(user, choices.users(), factors.users());
    var layers = layers();
    var table = numbers(layers.getFirst() + "_table");
    var padded =
        ByteBuffer.allocate((table.length + factors.width()) * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    padded.asFloatBuffer().put(table);
    var known = graph.floats(padded, factors.users() + 1L, factors.width());
    graph.output(
        "scores",
        linear(graph.op("Gather", known, at), layers.getLast()),
        Type.FLOAT,
        "rows",
        factors.items());
    graph.output("items", graph.strings(choices.items()), Type.STRING, factors.items());
  }
}

package dev.pipewright.deep;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Frame;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// A model of `pipewright/train@v1` ready to predict. For one thread at a time. Close it: its
/// weights live outside the heap.
public final class Predictor implements AutoCloseable {
  private static final int AT_ONCE = 256;

  private final Card card;
  private final NDManager manager;
  private final Block block;
  private final ParameterStore store;

  private Predictor(Card card, Map<String, SafeTensors.Tensor> weights) {
    this.card = card;
    manager = Torch.manager();
    Torch.record(false);
    block = card.architecture().block();
    block.initialize(manager, DataType.FLOAT32, card.architecture().inputs());
    for (var each : block.getParameters()) {
      var tensor = weights.get(each.getKey());
      if (tensor == null) {
        manager.close();
        throw new ProblemException(
            ProblemCode.MODEL_UNREADABLE,
            "%s has no weights called '%s'".formatted(Card.WEIGHTS, each.getKey()));
      }
      var array = each.getValue().getArray();
      array.setRequiresGradient(false);
      array.intern(Torch.floats(manager, tensor));
    }
    store = new ParameterStore(manager, false);
  }

  /// @param folder a saved model
  /// @throws ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  public static Predictor open(Path folder) throws IOException {
    var card = Card.read(folder);
    return new Predictor(card, SafeTensors.read(folder.resolve(Card.WEIGHTS)).tensors());
  }

  public Card card() {
    return card;
  }

  /// The classes in the order of what is predicted; empty for numbers.
  public List<String> classes() {
    return card.goal() == null ? List.of() : card.goal().classes();
  }

  /// A probability for each class, or a single number, for each row of a table; of sequences, for
  /// each sequence in the order of its first row.
  ///
  /// @throws ProblemException COLUMN_NOT_FOUND
  public double[][] predict(Frame frame) {
    var rows = IntStream.range(0, frame.rows()).toArray();
    return switch (card.preparation()) {
      case Preparation.Rows some ->
          predict(
              new Numbers(
                  some.encode(frame, rows),
                  card.architecture().inputs()[0].slice(1),
                  none(rows.length)));
      case Images images when images.columns().isEmpty() -> throw notOf("a table's rows");
      case Images images ->
          predict(
              new Numbers(
                  images.scaled(Images.raw(frame, images.columns(), rows)),
                  images.shape(),
                  none(rows.length)));
      case Preparation.Steps steps -> {
        var groups = Preparation.Steps.grouped(frame, steps.sequence()).values();
        yield predict(
            new Numbers(
                groups.stream().map(group -> steps.encode(frame, group)).toArray(float[][]::new),
                steps.shape(),
                none(groups.size())));
      }
      case Preparation.Words words ->
          predict(
              new Texts(
                  words.encode(frame, rows), words.length(), words.atTheEnd(), none(rows.length)));
      case Preparation.Language _, Preparation.Choices _ -> throw notOf("a table's rows");
    };
  }

  private ProblemException notOf(String what) {
    return new ProblemException(
        ProblemCode.MODEL_UNREADABLE, "this model does not predict from %s".formatted(what));
  }

  /// The same for image files.
  public double[][] predictImages(Path folder) throws IOException {
    if (!(card.preparation() instanceof Images images)) {
      throw notOf("images");
    }
    var files = Images.files(folder, folder.getFileName().toString());
    var raw = Images.read(files, images.channels(), images.height());
    return predict(new Numbers(images.scaled(raw), images.shape(), none(files.size())));
  }

  private static Labels none(int rows) {
    return new Labels(new float[rows], true);
  }

  /// What the model says of any examples; their labels are not looked at.
  public double[][] predict(Examples examples) {
    Torch.record(false);
    var predicted = new double[examples.size()][];
    for (int from = 0; from < predicted.length; from += AT_ONCE) {
      var places = IntStream.range(from, Math.min(predicted.length, from + AT_ONCE)).toArray();
      try (var scope = manager.newSubManager()) {
        var outputs = forward(examples.batch(scope, places).inputs());
        var goal = card.goal();
        var values =
            (goal == null || goal.regression() ? outputs : outputs.softmax(1)).toFloatArray();
        int width = values.length / places.length;
        for (int i = 0; i < places.length; i++) {
          var row = new double[width];
          for (int j = 0; j < width; j++) {
            double value = values[i * width + j];
            row[j] =
                goal != null && goal.regression() ? goal.mean() + goal.spread() * value : value;
          }
          predicted[places[i]] = row;
        }
      }
    }
    return predicted;
  }

  private NDArray forward(NDList inputs) {
    return block.forward(store, inputs, false).head();
  }

  /// Goes on with a text.
  ///
  /// @param tokens how many to write
  /// @param temperature how daring, 0 for always the likeliest
  public String write(String prompt, int tokens, double temperature, long seed) {
    if (!(card.preparation() instanceof Preparation.Language(var bpe))
        || !(card.architecture() instanceof Architecture.Gpt gpt)) {
      throw notOf("a prompt");
    }
    Torch.record(false);
    var random = new Random(seed);
    var text = new ArrayList<Integer>();
    for (int token : bpe.encode(prompt.isEmpty() ? "\n" : prompt)) {
      text.add(token);
    }
    for (int i = 0; i < tokens; i++) {
      var window = text.subList(Math.max(0, text.size() - gpt.context()), text.size());
      try (var scope = manager.newSubManager()) {
        var ids =
            scope.create(
                window.stream().mapToLong(Integer::longValue).toArray(),
                new Shape(1, window.size()));
        var logits = forward(new NDList(ids)).get(0).get(window.size() - 1).toFloatArray();
        text.add(choose(logits, temperature, random));
      }
    }
    return bpe.decode(text);
  }

  /// A language model's score of every token to come next, after each of some tokens.
  float[][] scores(int[] tokens) {
    Torch.record(false);
    try (var scope = manager.newSubManager()) {
      var ids =
          scope.create(Arrays.stream(tokens).asLongStream().toArray(), new Shape(1, tokens.length));
      var scores = forward(new NDList(ids)).get(0);
      var rows = new float[tokens.length][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = scores.get(i).toFloatArray();
      }
      return rows;
    }
  }

  /// Token 0 is never written: it is no text.
  static int choose(float[] logits, double temperature, Random random) {
    int best = 1;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    if (temperature <= 0) {
      return best;
    }
    double sum = 0;
    var weights = new double[logits.length];
    for (int i = 1; i < logits.length; i++) {
      weights[i] = Math.exp((logits[i] - logits[best]) / temperature);
      sum += weights[i];
    }
    double at = random.nextDouble() * sum;
    for (int i = 1; i < logits.length; i++) {
      at -= weights[i];
      if (at < 0) {
        return i;
      }
    }
    return best;
  }

  /// The items that a user is the likeliest to choose, the likeliest first.
  ///
  /// @throws ProblemException INPUT_INVALID when the user is not known
  public List<String> recommend(String user, int count) {
    if (!(card.preparation() instanceof Preparation.Choices choices)) {
      throw notOf("a user");
    }
    int at = choices.users().indexOf(user);
    if (at < 0) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID, "the model knows no user '%s'".formatted(user));
    }
    Torch.record(false);
    try (var scope = manager.newSubManager()) {
      var scores = forward(new NDList(scope.create(new long[] {at}))).toFloatArray();
      return IntStream.range(0, scores.length)
          .boxed()
          .sorted(Comparator.comparingDouble((Integer item) -> -scores[item]))
          .limit(count)
          .map(choices.items()::get)
          .toList();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}

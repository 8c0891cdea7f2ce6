package dev.pipewright.tabular.automl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// A dense network, trained by DJL, all folds at once: a fold is one more dimension of every
/// tensor, so that a step costs the library's overhead once for all.
///
/// As in RealMLP (Holzmüller, Grinsztajn, Steinwart, 2024): inputs scaled by a learned factor each,
/// weights in the neural tangent parametrisation, Adam with several cosine cycles, and the epoch
/// with the least loss kept, by fold.
///
/// Params: `layers` (such as `100-100`), `activation` (`relu`, `mish`, `selu`, `silu`), `dropout`,
/// `rate` (of learning), `decay` (of weights, decoupled), `smoothing` (of labels), `batch` (0 to
/// fit the rows), `epochs`.
final class Network implements Learner {
  private static final int EPOCHS = 120;
  private static final int MOST_EPOCHS = 10_000;

  /// After so many epochs, what one takes is known well enough to make them fewer, and never more.
  private static final int SURE = 4;

  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.95f;

  /// DJL collects gradients for one training in a process.
  private static final Object ONE_AT_A_TIME = new Object();

  @Override
  public Fit fit(Fold fold, Config config, Goal goal, long seed, Deadline deadline) {
    return fit(List.of(fold), config, goal, seed, deadline).getFirst();
  }

  @Override
  public List<Fit> fit(List<Fold> folds, Config config, Goal goal, long seed, Deadline deadline) {
    synchronized (ONE_AT_A_TIME) {
      try (var manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
        return new Training(folds, config, goal, seed, manager).run(deadline);
      }
    }
  }

  @Override
  public Fitted load(Path file, Config config, Goal goal) throws IOException {
    return Net.read(file, goal);
  }

  /// A tensor that is learned, with Adam's moments.
  private record Param(NDArray value, NDArray mean, NDArray square, float rate, boolean decays) {}

  private static final class Training {
    private final List<Fold> folds;
    private final Goal goal;
    private final NDManager manager;
    private final SplittableRandom random;
    private final int width;
    private final int outputs;
    private final int batch;
    private final int epochs;
    private final float dropout;
    private final float rate;
    private final float decay;
    private final float smoothing;
    private final Net.Activation activation;
    private final int[] sizes;
    private final double[] means;
    private final double[] deviations;
    private final List<Param> params = new ArrayList<>();
    private long steps;

    Training(List<Fold> folds, Config config, Goal goal, long seed, NDManager manager) {
      this.folds = folds;
      this.goal = goal;
      this.manager = manager;
      this.random = new SplittableRandom(seed);
      Engine.getInstance().setRandomSeed((int) seed);
      this.width = folds.stream().mapToInt(fold -> fold.train().width()).max().orElseThrow();
      this.outputs = goal.regression() ? 1 : Math.max(2, goal.classes());
      int rows = folds.stream().mapToInt(fold -> fold.train().rows()).max().orElseThrow();
      int fitting = Integer.highestOneBit(Math.clamp(rows / 12, 16, 256));
      this.batch = Math.min(rows, config.whole("batch", fitting));
      this.epochs = config.whole("epochs", EPOCHS);
      this.dropout = (float) config.number("dropout", 0);
      this.rate = (float) config.number("rate", goal.regression() ? 0.07 : 0.04);
      this.decay = (float) config.number("decay", 0);
      this.smoothing = (float) config.number("smoothing", 0);
      this.activation =
          Net.Activation.valueOf(
              config.text("activation", "mish").toUpperCase(java.util.Locale.ROOT));
      this.sizes =
          Arrays.stream(config.text("layers", "100-100").split("-", -1))
              .mapToInt(Integer::parseInt)
              .toArray();
      this.means = new double[folds.size()];
      this.deviations = new double[folds.size()];
      for (int f = 0; f < folds.size(); f++) {
        moments(f);
      }
      make();
    }

    private void moments(int f) {
      deviations[f] = 1;
      if (goal.regression()) {
        var labels = folds.get(f).trainLabels();
        double sum = 0;
        for (float label : labels) {
          sum += label;
        }
        means[f] = sum / labels.length;
        double squares = 0;
        for (float label : labels) {
          squares += (label - means[f]) * (label - means[f]);
        }
        double deviation = Math.sqrt(squares / labels.length);
        deviations[f] = deviation > 0 ? deviation : 1;
      }
    }

    /// The factors of the inputs, then the weights and biases of each layer.
    private void make() {
      var ones = new float[folds.size() * width];
      Arrays.fill(ones, 1);
      params.add(param(ones, width, 1, 6, false));
      int in = width;
      for (int l = 0; l <= sizes.length; l++) {
        int out = l < sizes.length ? sizes[l] : outputs;
        params.add(param(normal(folds.size() * in * out), out, in, 1, true));
        params.add(
            param(
                l < sizes.length ? normal(folds.size() * out) : new float[folds.size() * out],
                out,
                1,
                0.1f,
                false));
        in = out;
      }
    }

    private float[] normal(int count) {
      var values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return values;
    }

    private Param param(float[] values, int out, int in, float factor, boolean decays) {
      var shape = new Shape(folds.size(), in, out);
      var value = manager.create(values, shape);
      value.setRequiresGradient(true);
      return new Param(
          value,
          manager.create(new float[values.length], shape),
          manager.create(new float[values.length], shape),
          factor,
          decays);
    }

    List<Fit> run(Deadline deadline) {
      int rows = folds.stream().mapToInt(fold -> fold.train().rows()).min().orElseThrow();
      int perEpoch = Math.max(1, rows / batch);
      boolean watched = folds.getFirst().valid().rows() > 0;
      var order = new int[folds.size()][];
      for (int f = 0; f < folds.size(); f++) {
        order[f] = shuffledRows(folds.get(f).train().rows());
      }
      var patience = new ArrayList<Patience>();
      var best = new ArrayList<Net>();
      for (int f = 0; f < folds.size(); f++) {
        patience.add(new Patience(1e9, 1e9));
        best.add(net(f));
      }
      // The first steps also wait for code to be loaded and compiled.
      double cold = perEpoch / 2 / (double) perEpoch;
      int planned = epochs;
      long began = System.nanoTime();
      int lastBetter = 0;
      for (int epoch = 0; epoch < planned; epoch++) {
        for (int step = 0; step < perEpoch; step++) {
          if (epoch == 0 && step == perEpoch / 2) {
            began = System.nanoTime();
          }
          double progress = (epoch + step / (double) perEpoch) / planned;
          step(order, step, rate * (float) schedule(progress));
        }
        for (var rowsOf : order) {
          shuffle(rowsOf);
        }
        if (watched) {
          for (int f = 0; f < folds.size(); f++) {
            // The first epochs of the schedule are no better than the last, and cost as much to
            // keep.
            var predicted = predicted(f);
            double loss = goal.loss(folds.get(f).validLabels(), predicted);
            if (patience.get(f).look(epoch + 1, loss, predicted)) {
              best.set(f, net(f));
              lastBetter = epoch;
            }
          }
        }
        double each = (System.nanoTime() - began) / 1e9 / (epoch + 1 - cold);
        if (epoch < SURE || deadline.left() < each * (planned - epoch - 1)) {
          // The schedule is to end when the time does.
          int fitting = epoch + 1 + (int) Math.clamp(deadline.left() / each, 0, MOST_EPOCHS);
          planned = Math.min(epoch < SURE ? epochs : planned, fitting);
        }
        if (watched && epoch - lastBetter > Math.max(16, planned / 3)) {
          break;
        }
      }
      var fits = new ArrayList<Fit>();
      for (int f = 0; f < folds.size(); f++) {
        var net = watched ? best.get(f) : net(f);
        fits.add(
            new Fit(
                net,
                watched ? patience.get(f).predicted() : new double[0],
                patience.get(f).round()));
      }
      return fits;
    }

    /// Several cosine cycles, each twice as long as the one before, as in RealMLP: `coslog4`.
    private static double schedule(double progress) {
      double cycle = Math.log(1 + 15 * progress) / Math.log(2);
      return 0.5 - 0.5 * Math.cos(2 * Math.PI * cycle);
    }

    private int[] shuffledRows(int count) {
      var rows = new int[count];
      for (int i = 0; i < count; i++) {
        rows[i] = i;
      }
      shuffle(rows);
      return rows;
    }

    private void shuffle(int[] rows) {
      for (int i = rows.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int swapped = rows[i];
        rows[i] = rows[j];
        rows[j] = swapped;
      }
    }

    private void step(int[][] order, int step, float rateNow) {
      var cells = new float[folds.size() * batch * width];
      var labels = new float[folds.size() * batch * outputs];
      for (int f = 0; f < folds.size(); f++) {
        var fold = folds.get(f);
        int own = fold.train().width();
        for (int b = 0; b < batch; b++) {
          int row = order[f][(step * batch + b) % order[f].length];
          int at = f * batch + b;
          System.arraycopy(fold.train().cells(), row * own, cells, at * width, own);
          float label = fold.trainLabels()[row];
          if (goal.regression()) {
            labels[at] = (float) ((label - means[f]) / deviations[f]);
          } else {
            Arrays.fill(labels, at * outputs, (at + 1) * outputs, smoothing / outputs);
            labels[at * outputs + (int) label] += 1 - smoothing;
          }
        }
      }
      try (var inner = manager.newSubManager()) {
        var x = inner.create(FloatBuffer.wrap(cells), new Shape(folds.size(), batch, width));
        var y = inner.create(FloatBuffer.wrap(labels), new Shape(folds.size(), batch, outputs));
        try (var gradients = Engine.getInstance().newGradientCollector()) {
          var out = forward(x, true);
          NDArray loss;
          if (!goal.regression()) {
            loss = times(out.logSoftmax(2).mul(y).sum(), -1f / batch);
          } else {
            var error = out.sub(y);
            loss = times((goal.absolute() ? error.abs() : error.square()).sum(), 1f / batch);
          }
          gradients.backward(loss);
        }
        steps++;
        for (var param : params) {
          update(param, inner, rateNow);
        }
      }
    }

    private NDArray forward(NDArray x, boolean training) {
      var y = x.mul(params.get(0).value());
      int in = width;
      for (int l = 0; l <= sizes.length; l++) {
        y =
            times(y.batchMatMul(params.get(1 + 2 * l).value()), (float) (1 / Math.sqrt(in)))
                .add(params.get(2 + 2 * l).value());
        if (l < sizes.length) {
          in = sizes[l];
          y =
              switch (activation) {
                case RELU -> ai.djl.nn.Activation.relu(y);
                case MISH -> y.mul(ai.djl.nn.Activation.softPlus(y).tanh());
                case SELU -> ai.djl.nn.Activation.selu(y);
                case SILU -> y.mul(ai.djl.nn.Activation.sigmoid(y));
              };
          if (training && dropout > 0) {
            y = Dropout.dropout(y, dropout, true).singletonOrThrow();
          }
        }
      }
      return y;
    }

    /// PyTorch keeps a factor for the way back; one that DJL makes of a number may be freed by
    /// then.
    private static NDArray times(NDArray array, float factor) {
      return array.mul(array.getManager().full(new Shape(), factor));
    }

    /// Adam with decoupled decay (Kingma and Ba, 2014; Loshchilov and Hutter, 2017).
    private void update(Param param, NDManager inner, float rateNow) {
      var gradient = param.value().getGradient();
      gradient.attach(inner);
      param.mean().muli(BETA1).addi(gradient.mul(1 - BETA1));
      param.square().muli(BETA2).addi(gradient.square().muli(1 - BETA2));
      float correction1 = (float) (1 - Math.pow(BETA1, steps));
      float correction2 = (float) (1 - Math.pow(BETA2, steps));
      float own = rateNow * param.rate();
      try (var root = param.square().div(correction2).sqrt().addi(1e-8f);
          var change = param.mean().div(root)) {
        param.value().subi(change.muli(own / correction1));
      }
      if (decay > 0 && param.decays()) {
        param.value().muli(1 - own * decay);
      }
      gradient.subi(gradient);
    }

    private double[] predicted(int f) {
      return net(f).predict(folds.get(f).valid());
    }

    /// A fold's network as it is now.
    private Net net(int f) {
      var layers = new ArrayList<Net.Layer>();
      int in = width;
      for (int l = 0; l <= sizes.length; l++) {
        int out = l < sizes.length ? sizes[l] : outputs;
        var weights = slice(params.get(1 + 2 * l), f);
        float factor = (float) (1 / Math.sqrt(in));
        for (int i = 0; i < weights.length; i++) {
          weights[i] *= factor;
        }
        layers.add(Net.Layer.of(weights, slice(params.get(2 + 2 * l), f)));
        in = out;
      }
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (float label : folds.get(f).trainLabels()) {
        least = Math.min(least, label);
        most = Math.max(most, label);
      }
      return new Net(
          goal, activation, slice(params.get(0), f), layers, means[f], deviations[f], least, most);
    }

    private static float[] slice(Param param, int f) {
      try (var slice = param.value().get(f)) {
        return slice.toFloatArray();
      }
    }
  }
}

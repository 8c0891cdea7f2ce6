import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.pipewright.deep.Architecture;
import dev.pipewright.deep.Examples;
import dev.pipewright.deep.Journal;
import dev.pipewright.deep.Training;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/// Trains one of three models on invented data for some seconds and prints how many rows or tokens
/// a second, and a second of the processor, it learned from after the first steps.
final class DeepLoad {
  private static final int WARM_STEPS = 15;

  public static void main(String[] args) throws Exception {
    long millis = (long) (Double.parseDouble(args[1]) * 1000);
    Architecture architecture =
        switch (args[0]) {
          case "mlp" -> new Architecture.Mlp(100, List.of(256, 128), 10, 0.1);
          case "cnn" -> new Architecture.Cnn(1, 28, 28, List.of(32, 64), 128, 10, 0.1);
          case "gpt" -> new Architecture.Gpt(2000, 128, 128, 4, 4, 0.1);
          default -> throw new IllegalArgumentException(args[0]);
        };
    var examples =
        switch (args[0]) {
          case "mlp" -> new Invented(200_000, new Shape(100), 10, 0);
          case "cnn" -> new Invented(20_000, new Shape(1, 28, 28), 10, 0);
          default -> new Invented(20_000, new Shape(128), 0, 2000);
        };
    int batch =
        switch (args[0]) {
          case "mlp" -> 256;
          case "cnn" -> 64;
          default -> 8;
        };
    var times = new long[5];
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    var journal =
        new Journal() {
          @Override
          public void metric(String key, long step, double value) {
            if (key.equals("loss") && step == WARM_STEPS) {
              times[0] = System.nanoTime();
              times[3] = system.getProcessCpuTime();
            } else if (key.equals("loss") && step > WARM_STEPS) {
              times[1] = System.nanoTime();
              times[4] = system.getProcessCpuTime();
              times[2] = step - WARM_STEPS;
            }
          }

          @Override
          public void line(String text) {}

          @Override
          public boolean cancelled() {
            return times[0] > 0 && System.nanoTime() - times[0] > millis * 1_000_000;
          }
        };
    var unused =
        Training.of(architecture.block(), architecture.inputs())
            .batch(batch)
            .epochs(1000)
            .budget(Duration.ofMinutes(5))
            .fit(examples, null, journal);
    double units = times[2] * (double) batch * examples.weight();
    System.out.printf(
        "%.0f %.0f%n", units / ((times[1] - times[0]) / 1e9), units / ((times[4] - times[3]) / 1e9));
    System.exit(0);
  }

  /// Numbers, or tokens where there is a vocabulary, from a seed.
  private record Invented(int size, Shape shape, int classes, int vocabulary) implements Examples {
    private static final float[] POOL = pool();

    private static float[] pool() {
      var random = new Random(1);
      var pool = new float[1 << 20];
      for (int i = 0; i < pool.length; i++) {
        pool[i] = (float) random.nextGaussian();
      }
      return pool;
    }

    @Override
    public int weight() {
      return vocabulary > 0 ? (int) shape.size() : 1;
    }

    @Override
    public Batch batch(NDManager manager, int[] places) {
      int width = (int) shape.size();
      var all = new Shape(places.length).addAll(shape);
      if (vocabulary > 0) {
        var now = new long[places.length * width];
        var next = new long[now.length];
        for (int i = 0; i < now.length; i++) {
          now[i] = Math.floorMod(places[i / width] * 31 + i * 7, vocabulary);
          next[i] = Math.floorMod(now[i] * 3 + 1, vocabulary);
        }
        return new Batch(new NDList(manager.create(now, all)), new NDList(manager.create(next, all)));
      }
      var values = new float[places.length * width];
      var labels = new long[places.length];
      for (int i = 0; i < places.length; i++) {
        System.arraycopy(POOL, places[i] * 37 % (POOL.length - width), values, i * width, width);
        labels[i] = places[i] % classes;
      }
      return new Batch(
          new NDList(manager.create(values, all)), new NDList(manager.create(labels)));
    }
  }
}

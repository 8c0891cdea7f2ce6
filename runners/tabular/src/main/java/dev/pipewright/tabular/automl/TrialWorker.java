package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.data.Frame;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;

/// A process that fits models. It reads an [Order] a line from standard input and answers each with
/// a line on standard output. A library that crashes takes this process with it and no other.
public final class TrialWorker {
  private final Plan plan;
  private final Frame frame;
  private final float[] labels;
  private final Map<Integer, Folds> folds = new LinkedHashMap<>();
  private final Map<String, Fold> cache = new LinkedHashMap<>(16, 0.75f, true);
  private final long room;

  private TrialWorker(Plan plan) throws IOException {
    this.plan = plan;
    this.frame = plan.frame();
    this.labels = plan.labels();
    this.room = Runtime.getRuntime().maxMemory() / 3;
  }

  /// What a worker is to do: fit a configuration on some folds.
  ///
  /// @param seconds by when to be done
  record Order(int trial, Config config, int repeat, List<Integer> folds, double seconds) {}

  /// What came of it.
  ///
  /// @param losses of the folds
  /// @param problem null where it went well
  record Answer(
      List<Double> losses,
      List<Integer> rounds,
      double seconds,
      @org.jspecify.annotations.Nullable String problem) {}

  public static void main(String[] args) throws IOException {
    // Libraries print what they like: that goes to the log, and the answers have the stream alone.
    var answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    // Where the search is killed, nobody else ends its workers, and the next attempt has its own.
    ProcessHandle.current().parent().ifPresent(TrialWorker::endWith);
    var worker = new TrialWorker(Plan.open(Path.of(args[0])));
    var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = orders.readLine(); line != null; line = orders.readLine()) {
      JsonNode tree = Json.MAPPER.readTree(line);
      answers.println(
          ANSWER
              + Json.MAPPER.writeValueAsString(
                  worker.answer(Json.MAPPER.treeToValue(tree, Order.class))));
    }
  }

  private static void endWith(ProcessHandle search) {
    Future<?> unused = search.onExit().thenRun(() -> Runtime.getRuntime().halt(1));
  }

  /// Begins each answer; native code may write to the same stream.
  static final String ANSWER = "\u0001answer ";

  private Answer answer(Order order) {
    long began = System.nanoTime();
    try {
      var deadline = Deadline.in(order.seconds());
      var chosen = new ArrayList<Fold>();
      for (int fold : order.folds()) {
        chosen.add(fold(order.config().encoding(), order.repeat(), fold));
      }
      var learner = order.config().family().learner();
      long seed = plan.head().seed() + 7919L * order.trial() + 104_729L * order.repeat();
      boolean logs = Logarithm.of(order.config());
      var fits =
          learner.fit(
              logs ? Logarithm.logs(chosen) : chosen,
              Logarithm.inner(order.config()),
              plan.goal(),
              seed,
              deadline);
      var losses = new ArrayList<Double>();
      var rounds = new ArrayList<Integer>();
      Files.createDirectories(plan.trial(order.trial()));
      for (int i = 0; i < fits.size(); i++) {
        var fit = logs ? Logarithm.over(fits.get(i), order.config()) : fits.get(i);
        int fold = order.folds().get(i);
        try (var model = fit.model()) {
          for (double value : fit.predicted()) {
            if (!Double.isFinite(value)) {
              return new Answer(List.of(), List.of(), since(began), "it predicts " + value);
            }
          }
          model.save(plan.model(order.trial(), order.repeat(), fold));
        }
        Plan.writeDoubles(plan.predictions(order.trial(), order.repeat(), fold), fit.predicted());
        boolean judged = fit.predicted().length > 0;
        losses.add(judged ? plan.goal().loss(chosen.get(i).validLabels(), fit.predicted()) : 0);
        rounds.add(fit.rounds());
      }
      return new Answer(losses, rounds, since(began), null);
    } catch (OutOfMemoryError _) {
      cache.clear();
      return new Answer(List.of(), List.of(), since(began), "it needs more memory");
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      return new Answer(List.of(), List.of(), since(began), String.valueOf(e.getMessage()));
    }
  }

  private static double since(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  private Fold fold(Encoding encoding, int repeat, int number) throws IOException {
    var key = Plan.encoderKey(encoding, repeat, number);
    var known = cache.get(key);
    if (known != null) {
      return known;
    }
    if (!folds.containsKey(repeat)) {
      folds.put(repeat, plan.folds(repeat));
    }
    var of = folds.get(repeat);
    var train = of.train(number);
    var valid = of.valid(number);
    var trainLabels = Encoder.pick(labels, train);
    var goal = plan.goal();
    var encoder = Encoder.fit(frame, plan.head().columns(), train, trainLabels, goal, encoding);
    if (!Files.exists(plan.encoder(key))) {
      Plan.writeWhole(plan.encoder(key), Json.MAPPER.writeValueAsBytes(encoder));
    }
    var fold =
        new Fold(
            encoder,
            encoder.encodeTraining(frame, train, trainLabels, goal),
            trainLabels,
            encoder.encode(frame, valid),
            Encoder.pick(labels, valid));
    keep(key, fold);
    return fold;
  }

  private void keep(String key, Fold fold) {
    cache.put(key, fold);
    long used = cache.values().stream().mapToLong(TrialWorker::size).sum();
    var oldest = cache.entrySet().iterator();
    while (used > room && oldest.hasNext()) {
      used -= size(oldest.next().getValue());
      oldest.remove();
    }
  }

  private static long size(Fold fold) {
    return 4L * (fold.train().cells().length + fold.valid().cells().length);
  }
}

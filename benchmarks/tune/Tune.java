import static dev.pipewright.tune.Parameter.choice;
import static dev.pipewright.tune.Parameter.real;
import static dev.pipewright.tune.Parameter.whole;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.tune.*;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// The problems of peer.py with the library. Prints one line a seed: problem, sampler, seed, regret after each budget.
///
/// Usage: Tune TABLE SEEDS [PROBLEM…]
final class Tune {
  record Known(SearchSpace space, ToDoubleFunction<Map<String, Object>> regret, List<String> samplers) {}

  static JsonNode table;
  static double best = Double.POSITIVE_INFINITY;

  static double x(Map<String, Object> params, String name) {
    return ((Number) params.get(name)).doubleValue();
  }

  static double branin(Map<String, Object> p) {
    double x = x(p, "x");
    double y = x(p, "y");
    double b = 5.1 / (4 * Math.PI * Math.PI);
    double bend = y - b * x * x + 5 / Math.PI * x - 6;
    return bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10 - 0.39788735772973816;
  }

  static final double[] HEIGHTS = {1, 1.2, 3, 3.2};
  static final double[][] A = {
    {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}
  };
  static final double[][] P = {
    {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
    {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
    {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
    {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}
  };

  static double hartmann6(Map<String, Object> p) {
    double value = 3.322368011391339;
    for (int k = 0; k < 4; k++) {
      double sum = 0;
      for (int i = 0; i < 6; i++) {
        double d = x(p, "x" + i) - P[k][i];
        sum += A[k][i] * d * d;
      }
      value -= HEIGHTS[k] * Math.exp(-sum);
    }
    return value;
  }

  static double ackley10(Map<String, Object> p) {
    double squares = IntStream.range(0, 10).mapToDouble(i -> x(p, "x" + i)).map(v -> v * v).sum() / 10;
    double waves =
        IntStream.range(0, 10).mapToDouble(i -> x(p, "x" + i)).map(v -> Math.cos(2 * Math.PI * v)).sum() / 10;
    return -20 * Math.exp(-0.2 * Math.sqrt(squares)) - Math.exp(waves) + 20 + Math.E;
  }

  static double mixed(Map<String, Object> p) {
    double lr = Math.log10(x(p, "lr")) + 2.5;
    double units = Math.log(x(p, "units")) / Math.log(2) - 5;
    double layers = x(p, "layers") - 3;
    double off = x(p, "dropout") - 0.25 - 0.05 * layers;
    double base =
        switch ((String) p.get("act")) {
          case "relu" -> 0;
          case "gelu" -> 0.1;
          case "tanh" -> 0.5;
          default -> 1;
        };
    return base + 0.5 * lr * lr + 0.25 * units * units + 0.3 * layers * layers + 0.15 * lr * layers + 2 * off * off;
  }

  static double conditional(Map<String, Object> p) {
    double lr = Math.log10(x(p, "lr"));
    if (p.get("booster").equals("linear")) {
      double alpha = Math.log10(x(p, "alpha")) + 2;
      double ratio = x(p, "ratio") - 0.3;
      return 0.4 + 0.1 * alpha * alpha + ratio * ratio + 0.05 * (lr + 2) * (lr + 2);
    }
    double depth = x(p, "depth");
    if (p.get("booster").equals("tree")) {
      double subsample = x(p, "subsample") - 0.8;
      return 0.1 + 0.3 * (lr + 1) * (lr + 1) + 0.02 * (depth - 6) * (depth - 6) + subsample * subsample;
    }
    double drop = x(p, "rateDrop") - 0.1;
    double skip = x(p, "skipDrop") - 0.5;
    return 0.5 * (lr + 0.7) * (lr + 0.7) + 0.02 * (depth - 8) * (depth - 8) + 2 * drop * drop + 0.5 * skip * skip;
  }

  static JsonNode curve(Map<String, Object> p) {
    long leaves = (long) x(p, "logLeaves") - 2;
    long features = Math.round(x(p, "features") * 5) - 1;
    long extra = p.get("extra").equals(true) ? 1 : 0;
    long row = (((leaves * 8 + (long) x(p, "rate")) * 7 + (long) x(p, "logLeast")) * 5 + features) * 2 + extra;
    return table.get("losses").get((int) row);
  }

  static SearchSpace cube(int size, double low, double high) {
    return SearchSpace.of(IntStream.range(0, size).mapToObj(i -> real("x" + i, low, high)).toList());
  }

  static final SearchSpace GRID =
      SearchSpace.of(
          whole("logLeaves", 2, 7),
          whole("rate", 0, 7),
          whole("logLeast", 0, 6),
          real("features", 0.2, 1).by(0.2),
          choice("extra", false, true));

  static Map<String, Known> problems() {
    var numbers = List.of("tpe", "random", "cmaes");
    var all = List.of("tpe", "random");
    var problems = new LinkedHashMap<String, Known>();
    problems.put(
        "branin", new Known(SearchSpace.of(real("x", -5, 10), real("y", 0, 15)), Tune::branin, numbers));
    problems.put("hartmann6", new Known(cube(6, 0, 1), Tune::hartmann6, numbers));
    problems.put("ackley10", new Known(cube(10, -32.768, 32.768), Tune::ackley10, numbers));
    problems.put(
        "mixed",
        new Known(
            SearchSpace.of(
                real("lr", 1e-5, 1).inLog(),
                whole("units", 1, 512).inLog(),
                whole("layers", 1, 6),
                real("dropout", 0, 0.6).by(0.05),
                choice("act", "relu", "gelu", "tanh", "sigmoid")),
            Tune::mixed,
            all));
    problems.put(
        "conditional",
        new Known(
            SearchSpace.of(
                real("lr", 1e-4, 1).inLog(),
                choice("booster", "tree", "linear", "dart"),
                real("alpha", 1e-6, 10).inLog().onlyWhen("booster", "linear"),
                real("ratio", 0, 1).onlyWhen("booster", "linear"),
                whole("depth", 1, 12).onlyWhen("booster", "tree", "dart"),
                real("subsample", 0.3, 1).onlyWhen("booster", "tree"),
                real("rateDrop", 0, 1).onlyWhen("booster", "dart"),
                real("skipDrop", 0, 1).onlyWhen("booster", "dart")),
            Tune::conditional,
            all));
    problems.put("lightgbm", new Known(GRID, p -> curve(p).get(3).asDouble() - best, all));
    return problems;
  }

  static Sampler sampler(String name) {
    return switch (name) {
      case "tpe" -> new Tpe();
      case "cmaes" -> new CmaEs();
      default -> new RandomSearch();
    };
  }

  static void plain(String name, Known problem, String sampler, int seed) {
    var study = Study.of(StudySpec.of(problem.space, Objective.minimize("y")).sampledBy(sampler(sampler)).seededWith(seed));
    long start = System.nanoTime();
    double least = Double.POSITIVE_INFINITY;
    var figures = new ArrayList<Double>();
    for (int i = 1; i <= 100; i++) {
      var trial = study.ask().orElseThrow();
      double value = problem.regret.applyAsDouble(trial.params());
      trial.tell(value);
      least = Math.min(least, value);
      if (i % 50 == 0) {
        figures.add(least);
      }
    }
    print(name, sampler, seed, figures, start);
  }

  static void asha(int seed) {
    var spec = StudySpec.of(GRID, Objective.minimize("loss")).prunedBy(new Asha(3, 81L, 3)).seededWith(seed);
    var study = Study.of(spec);
    var figures = new ArrayList<Double>();
    int[] budgets = {20 * 81, 40 * 81};
    var rounds = table.get("rounds");
    long start = System.nanoTime();
    long spent = 0;
    double least = Double.POSITIVE_INFINITY;
    while (figures.size() < 2) {
      var trial = study.ask().orElseThrow();
      var curve = curve(trial.params());
      long before = trial.start().reports().isEmpty() ? 0 : trial.start().reports().lastKey();
      var verdict = Verdict.GO_ON;
      for (int k = 0; k < 4 && verdict == Verdict.GO_ON; k++) {
        int step = rounds.get(k).asInt();
        if (step > before) {
          spent += step - before;
          before = step;
          verdict = trial.report(step, curve.get(k).asDouble());
        }
      }
      if (verdict == Verdict.GO_ON) {
        trial.tell(curve.get(3).asDouble());
        least = Math.min(least, curve.get(3).asDouble());
      }
      while (figures.size() < 2 && spent >= budgets[figures.size()]) {
        figures.add(least - best);
      }
    }
    print("lightgbm-asha", "asha", seed, figures, start);
  }

  static void print(String problem, String sampler, int seed, List<Double> figures, long start) {
    var line = new StringBuilder(problem + "\t" + sampler + "\t" + seed);
    figures.forEach(figure -> line.append("\t%.6g".formatted(figure)));
    System.out.println(line + "\t%.4f".formatted((System.nanoTime() - start) / 1e9));
  }

  /// Milliseconds of processor time an ask and tell take at 1,000 trials of 20 parameters of every kind.
  static void speed() {
    var parameters = new ArrayList<Parameter>();
    for (int i = 0; i < 5; i++) {
      parameters.add(real("r" + i, 0, 1));
      parameters.add(real("l" + i, 1e-6, 1).inLog());
      parameters.add(whole("w" + i, 1, 1000));
      parameters.add(i % 2 == 0 ? choice("c" + i, "a", "b", "c") : whole("s" + i, 8, 256).by(8));
    }
    var study = Study.of(StudySpec.of(SearchSpace.of(parameters), Objective.minimize("y")));
    var times = new ArrayList<Double>();
    var clock = ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 1100; i++) {
      long start = clock.getCurrentThreadCpuTime();
      var trial = study.ask().orElseThrow();
      double value = trial.params().values().stream().filter(Double.class::isInstance).mapToDouble(v -> (Double) v).sum();
      trial.tell(value);
      if (i >= 1000) {
        times.add((clock.getCurrentThreadCpuTime() - start) / 1e6);
      }
    }
    times.sort(null);
    System.out.println("speed\ttpe\t0\t%.3f\t%.3f\t0".formatted(times.get(50), times.get(98)));
  }

  static void main(String[] args) throws Exception {
    table = Json.MAPPER.readTree(Path.of(args[0]).toFile());
    for (var curve : table.get("losses")) {
      best = Math.min(best, curve.get(3).asDouble());
    }
    int seeds = Integer.parseInt(args[1]);
    var wanted = List.of(args).subList(2, args.length);
    problems()
        .forEach(
            (name, problem) -> {
              if (wanted.isEmpty() || wanted.contains(name)) {
                for (var sampler : problem.samplers) {
                  for (int seed = 0; seed < seeds; seed++) {
                    plain(name, problem, sampler, seed);
                  }
                }
              }
            });
    if (wanted.isEmpty() || wanted.contains("lightgbm-asha")) {
      for (int seed = 0; seed < seeds; seed++) {
        asha(seed);
      }
    }
    if (wanted.isEmpty() || wanted.contains("speed")) {
      speed();
    }
  }
}

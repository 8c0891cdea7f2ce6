package dev.pipewright.tabular.automl;

import static dev.pipewright.tune.Parameter.choice;
import static dev.pipewright.tune.Parameter.real;
import static dev.pipewright.tune.Parameter.whole;

import dev.pipewright.tune.Objective;
import dev.pipewright.tune.SearchSpace;
import dev.pipewright.tune.Study;
import dev.pipewright.tune.StudySpec;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Tuned configurations: a study by TPE for each family, which starts from what the portfolio
/// reached. The better a family's best is among the families', the larger its share of the trials.
final class Tuning implements Proposals {
  /// Trials of the families by the rank of their best.
  private static final double[] SHARES = {1, 0.7, 0.45, 0.3, 0.2};

  private static final String ENCODING = "encoding";

  private static final Map<String, Encoding> ENCODINGS =
      new TreeMap<>(
          Map.of(
              "one-hot", Encoding.TREES,
              "target", Encoding.TREES_TARGET,
              "robust", Encoding.DENSE,
              "quantile", Encoding.DENSE_QUANTILE));

  private final Map<Family, StudySpec> studies = new EnumMap<>(Family.class);

  Tuning(int rows, Set<Family> families, long seed) {
    int most = Math.clamp(rows / 20, 10, 200);
    var spaces = new EnumMap<Family, SearchSpace>(Family.class);
    spaces.put(
        Family.LIGHTGBM,
        SearchSpace.of(
            real("learning_rate", 0.01, 0.2).inLog(),
            whole("num_leaves", 4, 200).inLog(),
            whole("min_data_in_leaf", 1, most).inLog(),
            real("feature_fraction", 0.3, 1),
            real("bagging_fraction", 0.5, 1),
            real("lambda_l2", 1e-3, 30).inLog(),
            choice("extra_trees", false, true),
            choice(ENCODING, "one-hot", "target")));
    spaces.put(
        Family.XGBOOST,
        SearchSpace.of(
            real("eta", 0.01, 0.2).inLog(),
            whole("max_depth", 2, 11),
            real("min_child_weight", 0.3, 20).inLog(),
            real("subsample", 0.5, 1),
            real("colsample_bytree", 0.3, 1),
            real("lambda", 0.01, 30).inLog(),
            choice(ENCODING, "one-hot", "target")));
    spaces.put(
        Family.NETWORK,
        SearchSpace.of(
            choice("layers", "64-32", "96-96-96", "128-128", "256-128", "256-256-256"),
            choice("activation", "mish", "selu", "silu", "relu"),
            real("dropout", 0, 0.5),
            real("rate", 0.005, 0.15).inLog(),
            real("decay", 1e-4, 0.2).inLog(),
            choice(ENCODING, "robust", "quantile")));
    spaces.put(
        Family.FOREST,
        SearchSpace.of(
            choice("random", true, false),
            real("features", 0.1, 1),
            whole("leaf", 1, 12).inLog(),
            choice(ENCODING, "one-hot", "target")));
    spaces.forEach((family, space) -> {
      if (families.contains(family)) {
        studies.put(
            family,
            StudySpec.of(space, Objective.maximize("score")).seededWith(seed + family.ordinal()));
      }
    });
  }

  /// What a config has where it says nothing.
  private static Map<String, Object> usual(Family family) {
    return switch (family) {
      case LIGHTGBM -> Map.of("bagging_fraction", 1.0, "lambda_l2", 1e-3, "extra_trees", false);
      case XGBOOST -> Map.of("lambda", 1.0);
      case NETWORK -> Map.of("dropout", 0.0, "rate", 0.04, "decay", 1e-4);
      case FOREST -> Map.of("features", 0.2, "random", true);
      case PRIOR, LINEAR, NEIGHBOURS -> Map.of();
    };
  }

  @Override
  public Optional<Config> next(List<Trial> trials, int number) {
    return family(trials)
        .map(family -> {
          var study = Study.of(studies.get(family));
          var best =
              trials.stream()
                  .filter(trial -> trial.done() && trial.config().family() == family)
                  .max(Comparator.comparing(Trial::score))
                  .orElseThrow()
                  .config();
          study.addTrials(records(family, trials, Logarithm.of(best)));
          var params = new LinkedHashMap<String, Object>();
          study.ask().orElseThrow().params().forEach((key, value) -> put(params, key, value));
          var encoding = ENCODINGS.get((String) params.remove(ENCODING));
          if (family == Family.LIGHTGBM) {
            params.put("bagging_freq", 1);
          }
          var config = new Config(family.word() + "-tuned-" + number, family, encoding, params);
          return Logarithm.as(config, best);
        });
  }

  private static void put(Map<String, Object> params, String key, @Nullable Object value) {
    if (value != null) {
      params.put(key, value);
    }
  }

  private Optional<Family> family(List<Trial> trials) {
    var best = new HashMap<Family, Double>();
    var tuned = new HashMap<Family, Integer>();
    for (var trial : trials) {
      var family = trial.config().family();
      if (studies.containsKey(family)) {
        if (trial.done()) {
          best.merge(family, trial.score(), Math::max);
        }
        if (trial.config().name().contains("-tuned-")) {
          tuned.merge(family, 1, Integer::sum);
        }
      }
    }
    var ranked =
        best.entrySet().stream()
            .sorted(
                Map.Entry.<Family, Double>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .map(Map.Entry::getKey)
            .toList();
    return ranked.stream()
        .min(
            Comparator.comparingDouble(family ->
                (tuned.getOrDefault(family, 0) + 1)
                    / SHARES[Math.min(ranked.indexOf(family), SHARES.length - 1)]));
  }

  /// What is known of a family, of those that learn the target or of those that learn its
  /// logarithm. What was given up counts as the worst there was.
  private List<TrialRecord> records(Family family, List<Trial> trials, boolean logs) {
    var own =
        trials.stream()
            .filter(
                trial -> trial.config().family() == family && Logarithm.of(trial.config()) == logs)
            .toList();
    double worst = own.stream().filter(Trial::done).mapToDouble(Trial::score).min().orElse(0);
    var records = new ArrayList<TrialRecord>();
    for (var trial : own) {
      var params = new LinkedHashMap<String, @Nullable Object>(usual(family));
      params.putAll(trial.config().params());
      ENCODINGS.forEach((name, encoding) -> {
        if (encoding.equals(trial.config().encoding())) {
          params.put(ENCODING, name);
        }
      });
      records.add(
          new TrialRecord(
              records.size(),
              TrialState.COMPLETE,
              TrialRecord.Origin.EARLIER,
              params,
              List.of(trial.done() ? trial.score() : worst),
              new TreeMap<>(),
              0,
              0,
              records.size(),
              records.size() + 1));
    }
    return records;
  }
}

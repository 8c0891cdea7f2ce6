package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The inputs of a search, checked together.
///
/// @param target `target`: the column to predict
/// @param task `task`: `auto`, `classification` or `regression`
/// @param measure `metric`: `auto` for auc, logLoss or rmse by task; empty for that
/// @param budget `budget` in seconds: `60s`, `5m`, `1h`
/// @param timed whether a budget was given
/// @param trials `trials`: the most there may be, for a result that a seed reproduces
/// @param folds `folds`: 0 to fit rows and time
/// @param group `group`: a column whose rows with the same value stay together
/// @param time `time`: a column to order the rows by, so that the past predicts the future
/// @param types `types`: `zip: category, opened: date`
/// @param ignored `ignore`: columns not to learn from
/// @param families `models`: which may be tried
/// @param refit `refit`: whether one model of all rows takes the place of the folds' models
/// @param workers `workers`: processes side by side, 0 for the cores there are
/// @param heap of each of them, in bytes: a part of the memory that the task asked for
/// @param onnx `onnx`: whether the model is to be written as ONNX too
record Wishes(
    String target,
    Target.Wish task,
    Optional<Measure> measure,
    double budget,
    boolean timed,
    OptionalInt trials,
    int folds,
    @Nullable String group,
    @Nullable String time,
    Map<String, Profile.Kind> types,
    Set<String> ignored,
    Set<Family> families,
    boolean refit,
    int workers,
    long heap,
    long seed,
    boolean onnx) {
  private static final double USUAL_BUDGET = 60;
  private static final long LEAST_HEAP = 512L << 20;

  /// Workers of a search by a number of trials that share the memory which the task asked for.
  private static final int MOST_SHARING = 2;

  private static final Pattern DURATION =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|h)?", Pattern.CASE_INSENSITIVE);

  /// @throws ProblemException INPUT_INVALID, with all that is wrong
  static Wishes of(TaskContext context) {
    var reader = new Reader(context);
    var target = reader.text("target").orElse("");
    if (target.isBlank()) {
      throw new ProblemException(ProblemCode.INPUT_MISSING, "the input 'target' is not given");
    }
    var budget = reader.text("budget");
    boolean onnx = context.flag("onnx").orElse(false);
    var time = reader.text("time");
    var trials = reader.trials();
    // What is learned from must not hang on the machine where the seed alone decides.
    boolean shared = trials.isPresent() && context.launch().limits().memory() != null;
    int workers = shared ? Math.min(MOST_SHARING, reader.workers()) : reader.workers();
    var wishes =
        new Wishes(
            target,
            reader.task(),
            reader.measure(),
            budget.map(reader::seconds).orElse(USUAL_BUDGET),
            budget.isPresent(),
            trials,
            reader.whole("folds", 0, 0, 50),
            reader.text("group").orElse(null),
            time.orElse(null),
            reader.types(),
            reader.list("ignore"),
            reader.families(onnx),
            // What was learned in time has not seen the newest rows, which matter most.
            context.flag("refit").orElse(time.isPresent()),
            workers,
            heap(context, shared ? MOST_SHARING : workers),
            reader.whole("seed", 42, 0, Integer.MAX_VALUE),
            onnx);
    if (wishes.group != null && wishes.time != null) {
      reader.problems.add(
          "'group' and 'time' are both given; give the one that new rows will differ by");
    }
    reader.finish();
    return wishes;
  }

  /// What a search of the same table must have in common with another to go on from it.
  String about() {
    var params = params();
    params.remove("workers");
    return params.toString();
  }

  private static long heap(TaskContext context, int workers) {
    long most = Runtime.getRuntime().maxMemory();
    return context.launch().limits().memory() == null
        ? most
        : Math.min(most, Math.max(LEAST_HEAP, most / (workers + 1)));
  }

  /// For the record.
  Map<String, String> params() {
    var params = new LinkedHashMap<String, String>();
    params.put("target", target);
    params.put("budget", Double.toString(budget));
    trials.ifPresent(most -> params.put("trials", Integer.toString(most)));
    params.put("folds", Integer.toString(folds));
    if (group != null) {
      params.put("group", group);
    }
    if (time != null) {
      params.put("time", time);
    }
    if (!types.isEmpty()) {
      params.put("types", new TreeMap<>(types).toString());
    }
    if (!ignored.isEmpty()) {
      params.put("ignore", String.join(", ", ignored.stream().sorted().toList()));
    }
    params.put("models", String.join(", ", families.stream().map(Family::word).toList()));
    if (refit) {
      params.put("refit", "true");
    }
    params.put("workers", Integer.toString(workers));
    params.put("seed", Long.toString(seed));
    if (onnx) {
      params.put("onnx", "true");
    }
    return params;
  }

  private static final class Reader {
    private final TaskContext context;
    private final List<String> problems = new ArrayList<>();

    Reader(TaskContext context) {
      this.context = context;
    }

    Optional<String> text(String input) {
      return context.text(input).map(String::strip).filter(text -> !text.isEmpty());
    }

    int whole(String input, int otherwise, int least, int most) {
      double value = context.number(input).orElse((double) otherwise);
      if (value != Math.rint(value) || value < least || value > most) {
        problems.add(
            "'%s' is %s; it has to be a whole number from %d to %d"
                .formatted(input, context.text(input).orElse(""), least, most));
        return otherwise;
      }
      return (int) value;
    }

    OptionalInt trials() {
      int most = whole("trials", 0, 0, 10_000);
      return most == 0 ? OptionalInt.empty() : OptionalInt.of(most);
    }

    int workers() {
      int asked = whole("workers", 0, 0, 256);
      if (asked > 0) {
        return asked;
      }
      var cpu = context.launch().limits().cpu();
      return cpu != null
          ? Math.max(1, (int) Math.floor(cpu))
          : Runtime.getRuntime().availableProcessors();
    }

    double seconds(String text) {
      var match = DURATION.matcher(text);
      if (!match.matches()) {
        problems.add(
            "'budget' is '%s'; it has to be a duration such as 60s, 5m or 1h".formatted(text));
        return USUAL_BUDGET;
      }
      var unit = match.group(2) == null ? "s" : match.group(2).toLowerCase(Locale.ROOT);
      double seconds =
          Double.parseDouble(match.group(1))
              * switch (unit) {
                case "ms" -> 0.001;
                case "m" -> 60;
                case "h" -> 3600;
                default -> 1;
              };
      if (seconds < 5) {
        problems.add("'budget' is '%s'; nothing can be found in less than 5s".formatted(text));
      }
      return seconds;
    }

    Target.Wish task() {
      var word = text("task").orElse("auto");
      return switch (word) {
        case "auto" -> Target.Wish.AUTO;
        case "classification", "binary", "multiclass" -> Target.Wish.CLASSIFICATION;
        case "regression" -> Target.Wish.REGRESSION;
        default -> {
          problems.add(
              "'task' is '%s'; it has to be 'auto', 'classification' or 'regression'"
                  .formatted(word));
          yield Target.Wish.AUTO;
        }
      };
    }

    Optional<Measure> measure() {
      var word = text("metric").orElse("auto");
      if (word.equals("auto")) {
        return Optional.empty();
      }
      var found = Measure.named(word);
      if (found.isEmpty()) {
        var names = Arrays.stream(Measure.values()).map(Measure::word).toList();
        problems.add(
            "'metric' is '%s'; did you mean %s?".formatted(word, Nearest.of(word, names, 2)));
      }
      return found;
    }

    Map<String, Profile.Kind> types() {
      var types = new TreeMap<String, Profile.Kind>();
      for (var part : list("types")) {
        int colon = part.lastIndexOf(':');
        var word = colon < 0 ? "" : part.substring(colon + 1).strip().toUpperCase(Locale.ROOT);
        var kind =
            Arrays.stream(Profile.Kind.values()).filter(k -> k.name().equals(word)).findFirst();
        if (kind.isEmpty()) {
          problems.add(
              "'types' has '%s'; write a column and number, category, date or text: 'zip: category'"
                  .formatted(part));
        } else {
          types.put(part.substring(0, colon).strip(), kind.get());
        }
      }
      return types;
    }

    Set<String> list(String input) {
      var parts = new java.util.LinkedHashSet<String>();
      text(input)
          .ifPresent(text ->
              Arrays.stream(text.split(",", -1))
                  .map(String::strip)
                  .filter(part -> !part.isEmpty())
                  .forEach(parts::add));
      return parts;
    }

    /// @param onnx whether only those that can be written so
    Set<Family> families(boolean onnx) {
      var words = list("models");
      if (words.isEmpty()) {
        return EnumSet.complementOf(
            onnx ? EnumSet.of(Family.PRIOR, Family.NEIGHBOURS) : EnumSet.of(Family.PRIOR));
      }
      if (onnx && words.contains(Family.NEIGHBOURS.word())) {
        problems.add(
            "'models' has 'neighbours', which cannot be written as ONNX; leave it out, or 'onnx'");
      }
      var families = EnumSet.noneOf(Family.class);
      for (var word : words) {
        var found =
            Arrays.stream(Family.values())
                .filter(family -> family.word().equals(word.toLowerCase(Locale.ROOT)))
                .findFirst();
        if (found.isEmpty()) {
          var names = Arrays.stream(Family.values()).map(Family::word).toList();
          problems.add(
              "'models' has '%s'; did you mean %s?".formatted(word, Nearest.of(word, names, 2)));
        }
        found.ifPresent(families::add);
      }
      return families;
    }

    void finish() {
      if (!problems.isEmpty()) {
        throw new ProblemException(
            ProblemCode.INPUT_INVALID, String.join("; ", problems), "Correct these inputs.");
      }
    }
  }
}

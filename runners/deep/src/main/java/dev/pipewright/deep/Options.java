package dev.pipewright.deep;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The inputs of `train`, checked together: what is wrong with any of them is said at once.
///
/// @param said all that was asked for, for the record
record Options(
    String architecture,
    String target,
    String task,
    String text,
    String sequence,
    String user,
    String item,
    double validation,
    int epochs,
    int batch,
    int accumulate,
    double learningRate,
    boolean findLearningRate,
    Optimizer optimizer,
    Schedule schedule,
    double warmup,
    double weightDecay,
    double clip,
    int earlyStopping,
    @Nullable Duration budget,
    long seed,
    int checkpointEvery,
    List<Integer> hidden,
    List<Integer> filters,
    int width,
    int layers,
    int heads,
    int length,
    int vocabulary,
    int imageSize,
    int channels,
    double dropout,
    int freeze,
    double unfrozenRate,
    boolean half,
    String prompt,
    int sample,
    boolean onnx,
    Map<String, String> said) {
  static final List<String> ARCHITECTURES =
      List.of("mlp", "cnn", "lstm", "gru", "transformer", "gpt", "recommender");

  private static final List<String> HALF = List.of("transformer", "gpt", "recommender");
  private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(ms|s|m|h)");

  /// @param from whether a model to go on from is given, which knows its architecture
  /// @throws ProblemException INPUT_INVALID, with all that is wrong
  static Options of(TaskContext context, boolean from) {
    var read = new Reader(context);
    var architecture = read.text("architecture", "");
    if (architecture.isEmpty() && !from) {
      read.wrong("architecture", "not given", "one of " + String.join(", ", ARCHITECTURES));
    } else if (!architecture.isEmpty() && !ARCHITECTURES.contains(architecture)) {
      read.wrong(
          "architecture",
          "'" + architecture + "'",
          "one of %s; did you mean %s?"
              .formatted(
                  String.join(", ", ARCHITECTURES), Nearest.of(architecture, ARCHITECTURES, 1)));
    }
    var options =
        new Options(
            architecture,
            read.text("target", ""),
            read.one("task", "auto", List.of("auto", "classification", "regression")),
            read.text("text", ""),
            read.text("sequence", ""),
            read.text("user", "user"),
            read.text("item", "item"),
            read.number("validation", 0.2, 0, 0.9),
            read.whole("epochs", 10, 1, 1_000_000),
            read.whole("batch", 64, 1, 1_000_000),
            read.whole("accumulate", 1, 1, 10_000),
            read.number("learningRate", 1e-3, 1e-9, 100),
            read.flag("findLearningRate"),
            read.one("optimizer", Optimizer.ADAMW, Optimizer.values()),
            read.one("schedule", Schedule.COSINE, Schedule.values()),
            read.number("warmup", 0.05, 0, 0.9),
            read.number("weightDecay", 0.01, 0, 10),
            read.number("clip", 1, 0, 1e9),
            read.whole("earlyStopping", 5, 0, 1_000_000),
            read.duration("budget"),
            read.whole("seed", 42, 0, Integer.MAX_VALUE),
            read.whole("checkpointEvery", 0, 0, 1_000_000_000),
            read.sizes("hidden", "128,64"),
            read.sizes("filters", "16,32"),
            read.whole("width", 64, 1, 16_384),
            read.whole("layers", 2, 1, 200),
            read.whole("heads", 4, 1, 256),
            read.whole("length", 64, 1, 65_536),
            read.whole("vocabulary", 2_000, 257, 1_000_000),
            read.whole("imageSize", 32, 4, 1_024),
            read.whole("channels", 1, 1, 3),
            read.number("dropout", 0.1, 0, 0.95),
            read.whole("freeze", 0, 0, 1_000_000),
            read.number("unfrozenRate", 0.1, 0, 1),
            read.one("precision", "float32", List.of("float32", "float16")).equals("float16"),
            read.text("prompt", ""),
            read.whole("sample", 100, 0, 100_000),
            read.flag("onnx"),
            read.said);
    if (options.half && !HALF.contains(architecture) && !architecture.isEmpty()) {
      read.wrong("precision", "float16", "float32; float16 is for " + String.join(", ", HALF));
    }
    if (options.channels == 2) {
      read.wrong("channels", "2", "1 for grey or 3 for colours");
    }
    if (List.of("transformer", "gpt").contains(architecture)
        && options.width % options.heads != 0) {
      read.wrong(
          "width",
          Integer.toString(options.width),
          "a multiple of heads (%d)".formatted(options.heads));
    }
    read.end();
    return options;
  }

  /// What a checkpoint must have been made with.
  String settings() {
    return said.toString();
  }

  private static final class Reader {
    private final TaskContext context;
    private final Map<String, String> said = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();

    Reader(TaskContext context) {
      this.context = context;
    }

    void wrong(String name, String value, String wanted) {
      wrong.add("the input '%s' is %s; give %s".formatted(name, value, wanted));
    }

    void end() {
      if (!wrong.isEmpty()) {
        throw new ProblemException(ProblemCode.INPUT_INVALID, String.join("\n", wrong));
      }
    }

    String text(String name, String otherwise) {
      var text = context.text(name).map(String::strip).orElse(otherwise);
      if (!text.isEmpty()) {
        said.put(name, text);
      }
      return text;
    }

    boolean flag(String name) {
      boolean flag = context.flag(name).orElse(false);
      said.put(name, Boolean.toString(flag));
      return flag;
    }

    double number(String name, double otherwise, double least, double most) {
      double value = context.number(name).orElse(otherwise);
      if (!(value >= least && value <= most)) {
        wrong(name, label(value), "a number from %s to %s".formatted(label(least), label(most)));
        return otherwise;
      }
      said.put(name, label(value));
      return value;
    }

    int whole(String name, int otherwise, int least, int most) {
      double value = context.number(name).orElse((double) otherwise);
      if (!(value >= least && value <= most) || value != Math.rint(value)) {
        wrong(name, label(value), "a whole number from %d to %d".formatted(least, most));
        return otherwise;
      }
      said.put(name, label(value));
      return (int) value;
    }

    private static String label(double value) {
      return value == Math.rint(value) && Math.abs(value) < 1e15
          ? Long.toString((long) value)
          : Double.toString(value);
    }

    String one(String name, String otherwise, List<String> of) {
      var text = text(name, otherwise);
      if (!of.contains(text)) {
        wrong(name, "'" + text + "'", "one of " + String.join(", ", of));
        return otherwise;
      }
      return text;
    }

    <E extends Enum<E>> E one(String name, E otherwise, E[] of) {
      var words = Arrays.stream(of).map(Reader::word).toList();
      var text = one(name, word(otherwise), words);
      return of[words.indexOf(text)];
    }

    private static String word(Enum<?> value) {
      return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    List<Integer> sizes(String name, String otherwise) {
      var sizes = new ArrayList<Integer>();
      var text = text(name, otherwise);
      for (var part : text.split("[,\\s]+", -1)) {
        if (!part.matches("[1-9]\\d{0,4}")) {
          wrong(name, "'" + text + "'", "whole numbers with commas between, such as " + otherwise);
          return List.of(1);
        }
        sizes.add(Integer.parseInt(part));
      }
      return sizes;
    }

    @Nullable Duration duration(String name) {
      var text = text(name, "");
      if (text.isEmpty()) {
        return null;
      }
      var matcher = DURATION.matcher(text);
      if (!matcher.matches()) {
        wrong(name, "'" + text + "'", "a time such as 90s, 10m or 2h");
        return null;
      }
      long count = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "ms" -> Duration.ofMillis(count);
        case "s" -> Duration.ofSeconds(count);
        case "m" -> Duration.ofMinutes(count);
        default -> Duration.ofHours(count);
      };
    }
  }
}

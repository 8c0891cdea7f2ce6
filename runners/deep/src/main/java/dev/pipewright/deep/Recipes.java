package dev.pipewright.deep;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.ModelFolder.Example;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// How the data of each architecture becomes a [Plan].
final class Recipes {
  private static final int LEAST_ROWS = 8;
  private static final int RANKED = 10;
  private static final long HELD_OUT = -7;

  private final TaskContext context;
  private final Options options;
  private final @Nullable Card from;

  /// @param from the model to go on from; its preparation and architecture are kept
  Recipes(TaskContext context, Options options, @Nullable Card from) {
    this.context = context;
    this.options = options;
    this.from = from;
  }

  /// @param scratch a folder for files that are needed while it trains
  Plan plan(Path scratch) throws IOException {
    return switch (kind()) {
      case "mlp" -> rows();
      case "cnn" -> images();
      case "lstm", "gru" -> options.text().isEmpty() ? steps() : words();
      case "transformer" -> words();
      case "gpt" -> language(scratch);
      case "recommender" -> choices();
      default -> throw new IllegalStateException(kind());
    };
  }

  private String kind() {
    if (from == null) {
      return options.architecture();
    }
    return switch (from.architecture()) {
      case Architecture.Mlp _ -> "mlp";
      case Architecture.Cnn _ -> "cnn";
      case Architecture.Recurrent recurrent -> recurrent.cell();
      case Architecture.Transformer _ -> "transformer";
      case Architecture.Gpt _ -> "gpt";
      case Architecture.Factors _ -> "recommender";
    };
  }

  /// What is learned from and what is held out, by place.
  private record Parts(int[] train, int[] held) {}

  private Parts split(int size) {
    int held = (int) Math.round(size * options.validation());
    var order = Order.shuffled(size, options.seed(), HELD_OUT);
    var parts =
        new Parts(Arrays.copyOfRange(order, held, size), Arrays.copyOfRange(order, 0, held));
    Arrays.sort(parts.train);
    Arrays.sort(parts.held);
    return parts;
  }

  private static String row(int row) {
    return "row %,d".formatted(row + 1);
  }

  private static int[] at(int[] rows, int[] places) {
    return Arrays.stream(places).map(place -> rows[place]).toArray();
  }

  private Architecture headed(Architecture fresh, Goal goal) {
    return from == null ? fresh : from.architecture().withOutputs(goal.outputs());
  }

  /// A model keeps its goal as long as the new rows have no other classes.
  private Goal goal(Frame frame) {
    var found = Goal.of(frame.column(target()), options.task(), frame.name());
    if (from != null && from.goal() != null) {
      var old = from.goal();
      if (old.regression() && found.regression()
          || !found.regression() && new HashSet<>(old.classes()).containsAll(found.classes())) {
        return new Goal(found.column(), old.classes(), old.shares(), old.mean(), old.spread());
      }
    }
    return found;
  }

  private String target() {
    if (options.target().isEmpty()) {
      if (from != null && from.goal() != null) {
        return from.goal().column();
      }
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "the input 'target' is not given",
          "Name the column to predict.");
    }
    return options.target();
  }

  private Frame frame() throws IOException {
    var frame = Frames.of(context, "train");
    context.logDataset(context.data("train"), "train", frame.rows());
    if (frame.rows() < LEAST_ROWS) {
      throw new ProblemException(
          ProblemCode.TABLE_TOO_SMALL,
          "%s has %d rows; at least %d are needed"
              .formatted(frame.name(), frame.rows(), LEAST_ROWS));
    }
    return frame;
  }

  private Plan rows() throws IOException {
    var frame = frame();
    var goal = goal(frame);
    var column = frame.column(goal.column());
    var rows = Goal.labelled(column);
    var parts = split(rows.length);
    if (options.batch() == 1 || parts.train.length == 1) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "a network with batch norms cannot learn from one row at a time",
          "Give a batch of at least 2, and at least 2 rows beside those held out.");
    }
    var known = Preparation.of(from, Preparation.Rows.class);
    var preparation =
        known != null ? known : Preparation.Rows.of(frame, goal.column(), at(rows, parts.train));
    var fresh =
        new Architecture.Mlp(
            preparation.width(), options.hidden(), goal.outputs(), options.dropout());
    var architecture = headed(fresh, goal);
    return Plan.of(
        architecture,
        preparation,
        goal,
        numbers(preparation, frame, goal, at(rows, parts.train), architecture),
        parts.held.length == 0
            ? null
            : numbers(preparation, frame, goal, at(rows, parts.held), architecture),
        Described.example(frame, preparation),
        i -> row(rows[parts.held[i]]));
  }

  private static Numbers numbers(
      Preparation.Rows preparation, Frame frame, Goal goal, int[] rows, Architecture architecture) {
    return new Numbers(
        preparation.encode(frame, rows),
        architecture.inputs()[0].slice(1),
        goal.labels(frame.column(goal.column()), rows));
  }

  private Plan images() throws IOException {
    return Files.isDirectory(context.staged("train")) ? imageFiles() : imageRows();
  }

  private Plan imageFiles() throws IOException {
    var folder = context.staged("train");
    var files = Images.files(folder, context.data("train").name());
    context.logDataset(context.data("train"), "train", files.size());
    var labels = new TreeMap<String, Integer>();
    files.forEach(file -> labels.merge(file.label(), 1, Integer::sum));
    if (labels.size() < 2) {
      throw new ProblemException(
          ProblemCode.TARGET_ONE_CLASS,
          "all images of %s are in one folder, '%s'"
              .formatted(context.data("train").name(), labels.firstKey()),
          "Give each class a folder of its own.");
    }
    var goal = Goal.among("folder", labels);
    var known = Preparation.of(from, Images.class);
    int side = known == null ? options.imageSize() : known.height();
    int channels = known == null ? options.channels() : known.channels();
    var raw = Images.read(files, channels, side);
    var values = new float[files.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = goal.classes().indexOf(files.get(i).label());
    }
    var first = raw[0].clone();
    return images(
        known,
        goal,
        raw,
        new Labels(values, true),
        channels,
        side,
        List.of(),
        images -> Described.example(images, first),
        i -> folder.relativize(files.get(i).path()).toString());
  }

  private Plan imageRows() throws IOException {
    var frame = frame();
    var goal = goal(frame);
    var rows = Goal.labelled(frame.column(goal.column()));
    var known = Preparation.of(from, Images.class);
    int channels = known == null ? options.channels() : known.channels();
    var columns =
        known == null ? Images.columns(frame, goal.column(), rows, channels) : known.columns();
    return images(
        known,
        goal,
        Images.raw(frame, columns, rows),
        goal.labels(frame.column(goal.column()), rows),
        channels,
        Images.side(columns.size(), channels),
        columns,
        images -> Described.example(frame, images),
        i -> row(rows[i]));
  }

  private Plan images(
      @Nullable Images known,
      Goal goal,
      float[][] raw,
      Labels labels,
      int channels,
      int side,
      List<String> columns,
      Function<Images, Example> example,
      IntFunction<String> names) {
    var parts = split(raw.length);
    var preparation =
        known != null ? known : Images.of(raw, parts.train, channels, side, side, columns);
    var scaled = preparation.scaled(raw);
    var fresh =
        new Architecture.Cnn(
            channels,
            side,
            side,
            options.filters(),
            options.width(),
            goal.outputs(),
            options.dropout());
    return Plan.of(
        headed(fresh, goal),
        preparation,
        goal,
        some(scaled, labels, preparation, parts.train),
        parts.held.length == 0 ? null : some(scaled, labels, preparation, parts.held),
        example.apply(preparation),
        i -> names.apply(parts.held[i]));
  }

  private static Numbers some(float[][] all, Labels labels, Images images, int[] places) {
    return new Numbers(
        Arrays.stream(places).mapToObj(place -> all[place]).toArray(float[][]::new),
        images.shape(),
        labels.some(places));
  }

  private Plan steps() throws IOException {
    var known = Preparation.of(from, Preparation.Steps.class);
    if (options.sequence().isEmpty() && known == null) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "neither the input 'sequence' nor 'text' is given",
          "Name the column that says which rows are one sequence, or the column of texts.");
    }
    var frame = frame();
    var goal = goal(frame);
    var sequence = known == null ? options.sequence() : known.sequence();
    var column = frame.column(goal.column());
    var groups =
        Preparation.Steps.grouped(frame, sequence).values().stream()
            .filter(rows -> !column.missing(rows[rows.length - 1]))
            .toList();
    var parts = split(groups.size());
    var learned =
        Arrays.stream(parts.train).flatMap(place -> Arrays.stream(groups.get(place))).toArray();
    var preparation =
        known != null
            ? known
            : Preparation.Steps.of(frame, sequence, goal.column(), learned, options.length());
    var fresh =
        new Architecture.Recurrent(
            options.architecture(),
            0,
            preparation.numbers().size(),
            preparation.length(),
            options.width(),
            options.layers(),
            goal.outputs(),
            options.dropout());
    return Plan.of(
        headed(fresh, goal),
        preparation,
        goal,
        steps(preparation, frame, goal, groups, parts.train),
        parts.held.length == 0 ? null : steps(preparation, frame, goal, groups, parts.held),
        Described.example(frame, preparation),
        i -> frame.column(sequence).text(groups.get(parts.held[i])[0]));
  }

  private static Numbers steps(
      Preparation.Steps preparation, Frame frame, Goal goal, List<int[]> groups, int[] places) {
    var last = new int[places.length];
    var values = new float[places.length][];
    for (int i = 0; i < places.length; i++) {
      var rows = groups.get(places[i]);
      last[i] = rows[rows.length - 1];
      values[i] = preparation.encode(frame, rows);
    }
    return new Numbers(values, preparation.shape(), goal.labels(frame.column(goal.column()), last));
  }

  private Plan words() throws IOException {
    var known = Preparation.of(from, Preparation.Words.class);
    if (options.text().isEmpty() && known == null) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "the input 'text' is not given",
          "Name the column that holds the texts.");
    }
    var frame = frame();
    var goal = goal(frame);
    var text = options.text().isEmpty() && known != null ? known.column() : options.text();
    var rows = Goal.labelled(frame.column(goal.column()));
    var parts = split(rows.length);
    Preparation.Words preparation;
    if (known == null) {
      var counts = new Bpe.Counts();
      var cells = frame.column(text);
      for (int row : at(rows, parts.train)) {
        counts.add(cells.text(row));
      }
      preparation =
          new Preparation.Words(
              text,
              Bpe.train(counts, options.vocabulary()),
              options.length(),
              !kind().equals("transformer"));
    } else {
      preparation = new Preparation.Words(text, known.tokens(), known.length(), known.atTheEnd());
    }
    int vocabulary = preparation.tokens().size();
    var fresh =
        kind().equals("transformer")
            ? new Architecture.Transformer(
                vocabulary,
                options.length(),
                options.width(),
                options.heads(),
                options.layers(),
                goal.outputs(),
                options.dropout())
            : new Architecture.Recurrent(
                options.architecture(),
                vocabulary,
                1,
                options.length(),
                options.width(),
                options.layers(),
                goal.outputs(),
                options.dropout());
    return Plan.of(
        headed(fresh, goal),
        preparation,
        goal,
        words(preparation, frame, goal, at(rows, parts.train)),
        parts.held.length == 0 ? null : words(preparation, frame, goal, at(rows, parts.held)),
        Described.example(frame, preparation),
        i -> row(rows[parts.held[i]]));
  }

  private static Texts words(Preparation.Words preparation, Frame frame, Goal goal, int[] rows) {
    return new Texts(
        preparation.encode(frame, rows),
        preparation.length(),
        preparation.atTheEnd(),
        goal.labels(frame.column(goal.column()), rows));
  }

  private Plan language(Path scratch) throws IOException {
    var text = context.staged("train");
    var known = Preparation.of(from, Preparation.Language.class);
    var bpe = known != null ? known.tokens() : Corpus.tokeniser(text, options.vocabulary());
    var architecture =
        from != null
            ? (Architecture.Gpt) from.architecture()
            : new Architecture.Gpt(
                bpe.size(),
                options.length(),
                options.width(),
                options.heads(),
                options.layers(),
                options.dropout());
    var corpus = Corpus.of(text, bpe, architecture.context(), scratch.resolve("tokens.bin"));
    context.logDataset(context.data("train"), "train", corpus.to());
    var parts = corpus.split(options.validation());
    return new Plan(
        architecture,
        new Preparation.Language(bpe),
        null,
        parts.getFirst(),
        parts.size() == 1 ? null : parts.get(1),
        Objective.crossEntropy(),
        List.of(Measure.perplexity()),
        Described.example("prompt", options.prompt()),
        i -> "window " + (i + 1));
  }

  private Plan choices() throws IOException {
    var frame = frame();
    var known = Preparation.of(from, Preparation.Choices.class);
    var preparation =
        known != null
            ? known
            : new Preparation.Choices(
                options.user(),
                options.item(),
                names(frame, options.user()),
                names(frame, options.item()));
    var users = Preparation.Choices.positions(preparation.users());
    var items = Preparation.Choices.positions(preparation.items());
    // Each choice once, in the table's order, by user.
    var chosen = new LinkedHashMap<Integer, List<Integer>>();
    var who = frame.column(preparation.user());
    var what = frame.column(preparation.item());
    var seen = new HashSet<Long>();
    int dropped = 0;
    for (int row = 0; row < frame.rows(); row++) {
      var user = users.get(who.text(row));
      var item = items.get(what.text(row));
      if (user == null || item == null) {
        dropped++;
      } else if (seen.add((long) user << 32 | item)) {
        chosen.computeIfAbsent(user, _ -> new ArrayList<>()).add(item);
      }
    }
    var usable =
        "both a '%s' and an '%s'%s"
            .formatted(
                preparation.user(),
                preparation.item(),
                from == null ? "" : " that the model knows");
    if (chosen.isEmpty()) {
      throw new ProblemException(
          ProblemCode.TABLE_EMPTY,
          "no row of %s has %s".formatted(frame.name(), usable),
          from == null
              ? "Name the columns of who chose and of what was chosen as 'user' and 'item'."
              : "Give choices of its users and items, or leave out 'from' and learn anew.");
    }
    if (dropped > 0) {
      System.out.printf("Left out %,d rows without %s%n", dropped, usable);
    }
    var train = new ArrayList<int[]>();
    var held = new ArrayList<int[]>();
    chosen.forEach((user, list) -> {
      // The last of each user's choices is held out: it is what was to come.
      int kept = options.validation() > 0 && list.size() > 1 ? list.size() - 1 : list.size();
      for (int i = 0; i < list.size(); i++) {
        (i < kept ? train : held).add(new int[] {user, list.get(i)});
      }
    });
    var learned = interactions(train, null, items.size());
    var before = Interactions.byUser(learned.users(), learned.items(), users.size());
    return new Plan(
        from != null
            ? from.architecture()
            : new Architecture.Factors(
                users.size(), items.size(), options.width(), options.dropout()),
        preparation,
        null,
        learned,
        held.isEmpty() ? null : interactions(held, before, items.size()),
        Objective.crossEntropy(),
        Ranking.at(RANKED),
        Described.example(preparation.user(), preparation.users().getFirst()),
        i -> "choice " + (i + 1));
  }

  private static List<String> names(Frame frame, String column) {
    var cells = frame.column(column);
    var names = new TreeSet<String>();
    for (int row = 0; row < frame.rows(); row++) {
      if (!cells.missing(row)) {
        names.add(cells.text(row));
      }
    }
    return List.copyOf(names);
  }

  private static Interactions interactions(List<int[]> pairs, int @Nullable [][] seen, int items) {
    return new Interactions(
        pairs.stream().mapToInt(pair -> pair[0]).toArray(),
        pairs.stream().mapToInt(pair -> pair[1]).toArray(),
        seen,
        items);
  }
}

package dev.pipewright.tabular.automl;

import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.Target;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// A table ready to be searched on.
///
/// @param frame rows with a target only
/// @param columns those to learn from
/// @param dropped why the others are not
/// @param labels each row's class or value; its logarithm where `logarithmic` is true
/// @param notes for the reader of the log
/// @param strata of the rows, for other folds
/// @param kept of each of two classes, the share of its rows that are here; empty where that is the
///   same
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Prepared(
    Frame frame,
    Target target,
    Goal goal,
    Measure measure,
    boolean logarithmic,
    List<Profile> columns,
    Map<String, String> dropped,
    float[] labels,
    Folds folds,
    List<String> notes,
    int[] strata,
    int[] groups,
    double[] kept,
    long seed) {
  private static final int LEAST_ROWS = 8;
  private static final int TINY = 40;
  private static final int MOST_FOLDS = 8;

  /// Than what everything could be tried on in the time: what is most useful is tried first.
  private static final double LARGER = 4;

  /// What a cell's fit costs, in seconds, with what is tried and how often: it decides how many
  /// folds there is time for.
  private static final double SECONDS_A_CELL = 3.5e-5;

  static Prepared of(Frame all, Wishes wishes) {
    var notes = new ArrayList<String>();
    var targetColumn = all.columns().indexOf(wishes.target().strip());
    if (targetColumn < 0) {
      throw new ProblemException(
          ProblemCode.TARGET_NOT_A_COLUMN,
          "%s has no column '%s'".formatted(all.name(), wishes.target()),
          "Did you mean %s? The table has %d columns."
              .formatted(Nearest.of(wishes.target(), all.columns(), 3), all.columns().size()));
    }
    checkColumns(all, wishes);
    var column = all.column(targetColumn);
    var present =
        IntStream.range(0, all.rows())
            .filter(row -> !column.missing(row) && !Double.isInfinite(column.number(row)))
            .toArray();
    if (present.length > 0 && present.length < LEAST_ROWS) {
      throw new ProblemException(
          ProblemCode.TABLE_TOO_SMALL,
          "%s has %d rows with a value in column '%s'; at least %d are needed"
              .formatted(all.name(), present.length, column.name(), LEAST_ROWS));
    }
    if (present.length < all.rows()) {
      notes.add(
          "Left out %,d rows without a value in column '%s'"
              .formatted(all.rows() - present.length, column.name()));
    }
    int most = mostRows(all, wishes);
    var chosen =
        present.length > most
            ? Sample.of(present, column, wishes.task(), most, wishes.seed())
            : present;
    if (chosen.length < present.length) {
      notes.add(
          "Learning from %,d of %,d rows, chosen by chance: all of them do not fit into %,d MiB and %.0f s"
              .formatted(chosen.length, present.length, wishes.heap() >> 20, wishes.budget()));
    }
    var frame = chosen.length == all.rows() ? all : all.rows(chosen);
    var of = frame.column(targetColumn);
    var cells = new ArrayList<String>(frame.rows());
    for (int row = 0; row < frame.rows(); row++) {
      cells.add(of.text(row));
    }
    var target = Target.find(of.name(), cells, wishes.task(), frame.name());
    var kind =
        switch (target.kind()) {
          case BINARY -> Goal.Kind.BINARY;
          case MULTICLASS -> Goal.Kind.MULTICLASS;
          case REGRESSION -> Goal.Kind.REGRESSION;
        };
    var measure = wishes.measure().orElseGet(() -> Measure.usual(kind));
    if (!measure.fits(kind)) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "'metric' is '%s', which is not for a %s target such as column '%s'"
              .formatted(measure.word(), target.kind().word(), target.column()),
          "Leave it out, or set 'task'.");
    }
    boolean logarithmic = measure == Measure.RMSLE;
    var labels = labels(target, cells, logarithmic, frame.name());
    var goal = new Goal(kind, target.classes().size(), measure == Measure.MAE);
    notes.add(
        "Predicting '%s': %s%s; what counts is %s"
            .formatted(
                target.column(),
                target.kind().word(),
                target.regression() ? "" : " of " + String.join(", ", target.classes()),
                measure.word()));
    var dropped = new TreeMap<String, String>();
    var columns = columns(frame, targetColumn, wishes, dropped);
    dropped.forEach((name, why) -> notes.add("Left out column '%s': %s".formatted(name, why)));
    if (columns.isEmpty()) {
      throw new ProblemException(
          ProblemCode.NO_FEATURES,
          "no column of %s can be learned from: %s"
              .formatted(frame.name(), dropped.isEmpty() ? "the target is its only one" : dropped));
    }
    columns.stream()
        .filter(profile -> profile.infinite() > 0)
        .forEach(profile ->
            notes.add(
                "Column '%s' has %,d infinite values, which count as missing"
                    .formatted(profile.column(), profile.infinite())));
    notes.addAll(Leaks.find(frame, columns, labels, goal));
    double[] kept = {};
    if (chosen.length < present.length && kind == Goal.Kind.BINARY) {
      kept = Sample.kept(present, chosen, column, target);
      notes.add(
          "Probabilities are corrected for %.3g of the rows with '%s' and %.3g of those with '%s' being there"
              .formatted(kept[0], target.classes().get(0), kept[1], target.classes().get(1)));
    }
    var strata = strata(labels, goal);
    var groups = wishes.group() == null ? new int[0] : groups(frame, wishes.group());
    var folds = folds(frame, wishes, columns, goal, strata, groups);
    notes.add(
        "%,d rows, %d columns to learn from; %s"
            .formatted(frame.rows(), columns.size(), describe(folds, wishes)));
    return new Prepared(
        frame,
        target,
        goal,
        measure,
        logarithmic,
        columns,
        dropped,
        labels,
        folds,
        notes,
        strata,
        groups,
        kept,
        wishes.seed());
  }

  private static void checkColumns(Frame frame, Wishes wishes) {
    var named = new ArrayList<String>(wishes.types().keySet());
    named.addAll(wishes.ignored());
    if (wishes.group() != null) {
      named.add(wishes.group());
    }
    if (wishes.time() != null) {
      named.add(wishes.time());
    }
    var unknown = named.stream().filter(name -> !frame.columns().contains(name)).toList();
    if (!unknown.isEmpty()) {
      throw new ProblemException(
          ProblemCode.COLUMN_NOT_FOUND,
          "%s has no column '%s'"
              .formatted(frame.name(), String.join("' and no column '", unknown)),
          "Did you mean %s?".formatted(Nearest.of(unknown.getFirst(), frame.columns(), 3)));
    }
  }

  private static List<Profile> columns(
      Frame frame, int target, Wishes wishes, Map<String, String> dropped) {
    var columns = new ArrayList<Profile>();
    for (int i = 0; i < frame.columns().size(); i++) {
      var name = frame.columns().get(i);
      if (i == target) {
        continue;
      }
      if (wishes.ignored().contains(name)) {
        dropped.put(name, "as asked");
      } else if (name.equals(wishes.group())) {
        dropped.put(name, "it groups the rows");
      } else {
        var profile = Profile.of(frame.column(i), wishes.types().get(name));
        if (profile.unusable() == null) {
          columns.add(profile);
        } else {
          dropped.put(name, profile.unusable());
        }
      }
    }
    return columns;
  }

  private static float[] labels(
      Target target, List<String> cells, boolean logarithmic, String table) {
    var labels = new float[cells.size()];
    var positions = target.positions();
    for (int row = 0; row < labels.length; row++) {
      if (!target.regression()) {
        labels[row] = positions.get(target.label(cells.get(row)));
        continue;
      }
      double value = target.value(cells.get(row)).orElseThrow();
      if (logarithmic && value < 0) {
        throw new ProblemException(
            ProblemCode.TARGET_UNUSABLE,
            "column '%s' of %s holds %s; rmsle needs numbers from 0 on"
                .formatted(target.column(), table, cells.get(row)),
            "Choose another metric.");
      }
      labels[row] = (float) (logarithmic ? Math.log1p(value) : value);
    }
    return labels;
  }

  private static int[] strata(float[] labels, Goal goal) {
    var strata = new int[labels.length];
    if (!goal.regression()) {
      for (int row = 0; row < strata.length; row++) {
        strata[row] = (int) labels[row];
      }
      return strata;
    }
    int ranges = Math.clamp(labels.length / 20, 1, 20);
    var order =
        IntStream.range(0, labels.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer row) -> labels[row]))
            .toList();
    for (int rank = 0; rank < strata.length; rank++) {
      strata[order.get(rank)] = (int) ((long) rank * ranges / strata.length);
    }
    return strata;
  }

  private static int[] groups(Frame frame, String name) {
    var column = frame.column(name);
    var known = new HashMap<String, Integer>();
    var groups = new int[frame.rows()];
    for (int row = 0; row < groups.length; row++) {
      groups[row] = known.computeIfAbsent(column.text(row), _ -> known.size());
    }
    if (known.size() < 3) {
      throw new ProblemException(
          ProblemCode.INPUT_INVALID,
          "column '%s', which groups the rows, has only %d values; 3 are needed"
              .formatted(name, known.size()),
          "Leave out 'group', or name another column.");
    }
    return groups;
  }

  private static Folds folds(
      Frame frame, Wishes wishes, List<Profile> columns, Goal goal, int[] strata, int[] groups) {
    int rows = frame.rows();
    // Of more classes, boosting has a tree each, and the others do not.
    double outputs = Math.pow(goal.outputs(), 0.7);
    double cost = (double) rows * columns.size() * outputs * SECONDS_A_CELL;
    if (wishes.trials().isEmpty()) {
      cost *= crowd();
    }
    // With a number of trials, nothing may hang on the machine.
    int workers = wishes.trials().isPresent() ? 2 : wishes.workers();
    int affordable = (int) Math.min(MOST_FOLDS, wishes.budget() * workers / 2 / cost);
    int count =
        wishes.folds() > 0
            ? Math.min(wishes.folds(), rows)
            : wishes.trials().isPresent() ? Math.max(3, affordable) : affordable;
    if (wishes.time() != null) {
      var blocks = Folds.inTime(times(frame, wishes.time()), Math.clamp(count, 1, 5));
      if (blocks.count() == 0) {
        throw new ProblemException(
            ProblemCode.INPUT_INVALID,
            "column '%s', which is to order the rows, has one value in all of them"
                .formatted(wishes.time()),
            "Leave out 'time', or name another column.");
      }
      return blocks;
    }
    if (groups.length > 0) {
      int many = Arrays.stream(groups).max().orElse(0) + 1;
      return Folds.grouped(groups, Math.clamp(count, 2, many), wishes.seed());
    }
    if (wishes.folds() == 0 && rows <= TINY) {
      return Folds.stratified(new int[rows], rows, wishes.seed());
    }
    return count < 3 && wishes.folds() != 2
        ? Folds.holdOut(strata, Math.clamp(20_000.0 / rows, 0.1, 0.2), wishes.seed())
        : Folds.stratified(strata, count, wishes.seed());
  }

  /// As many as fit into the memory, and as one fit of a few minutes can go through in the time.
  private static int mostRows(Frame all, Wishes wishes) {
    int columns = all.columns().size();
    int fitting = Sample.fitting(wishes.heap(), columns);
    if (wishes.trials().isPresent()) {
      return fitting;
    }
    double timely = LARGER * wishes.budget() * wishes.workers() / 2 / columns / SECONDS_A_CELL;
    return (int) Math.clamp(timely, 10_000, Math.max(10_000, fitting));
  }

  /// How many processes want each core, ours among them: so much longer everything takes.
  private static double crowd() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    // Negative where the system does not tell.
    return Math.clamp(system.getSystemLoadAverage() / system.getAvailableProcessors(), 1, 8);
  }

  private static double[] times(Frame frame, String name) {
    var column = frame.column(name);
    var profile = Profile.of(column, null);
    var dates = profile.dates();
    var times = new double[frame.rows()];
    for (int row = 0; row < times.length; row++) {
      double number = column.number(row);
      times[row] = Double.isNaN(number) && dates != null ? dates.seconds(column.text(row)) : number;
      if (Double.isNaN(times[row])) {
        throw new ProblemException(
            ProblemCode.INPUT_INVALID,
            "row %,d of %s has '%s' in column '%s', which is to order the rows"
                .formatted(row + 1, frame.name(), column.text(row), name),
            "Give every row a number or a date there.");
      }
    }
    return times;
  }

  private static String describe(Folds folds, Wishes wishes) {
    if (folds.ordered()) {
      return "judged in %d blocks, each by what came before it".formatted(folds.count());
    }
    if (folds.count() == 1) {
      return "%,d rows held out to judge by".formatted(folds.judging().length);
    }
    if (folds.count() == folds.of().length) {
      return "each row judged by what all others teach";
    }
    return "%d folds%s"
        .formatted(
            folds.count(), wishes.group() == null ? "" : " of whole groups of " + wishes.group());
  }

  /// Other folds of the same rows.
  Folds otherFolds(int repeat) {
    long other = seed + 1_000L * repeat;
    return groups.length > 0
        ? Folds.grouped(groups, folds.count(), other)
        : Folds.stratified(strata, folds.count(), other);
  }

  /// What the search measures on the labels as they are learned.
  Measure innerMeasure() {
    return logarithmic ? Measure.RMSE : measure;
  }

  /// The same, judged in other folds.
  Prepared judgedBy(Folds others) {
    return new Prepared(
        frame,
        target,
        goal,
        measure,
        logarithmic,
        columns,
        dropped,
        labels,
        others,
        notes,
        strata,
        groups,
        kept,
        seed);
  }

  /// By how much the log odds of the second of two classes are to be moved for the rows that are
  /// not here.
  double oddsOff() {
    return kept.length == 0 ? 0 : Math.log(kept[0] / kept[1]);
  }

  /// Each class's share of all rows; empty for a regression.
  List<Double> priors() {
    var shares = new double[target.classes().size()];
    if (!target.regression()) {
      for (float label : labels) {
        shares[(int) label] += kept.length == 0 ? 1 : 1 / kept[(int) label];
      }
    }
    double all = Arrays.stream(shares).sum();
    return Arrays.stream(shares).map(share -> share / all).boxed().toList();
  }

  /// A regression's mean; 0 for a classification.
  double mean() {
    if (!target.regression()) {
      return 0;
    }
    double sum = 0;
    for (float label : labels) {
      sum += logarithmic ? Math.expm1(label) : label;
    }
    return sum / labels.length;
  }
}

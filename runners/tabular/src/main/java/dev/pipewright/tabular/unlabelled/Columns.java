package dev.pipewright.tabular.unlabelled;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/// The columns by which rows are compared.
///
/// @param used in the table's order
/// @param dropped why, by column
record Columns(List<Coded> used, Map<String, String> dropped) {
  Columns {
    used = List.copyOf(used);
  }

  /// @param ignored by commas
  /// @param number how a column of numbers is taken
  /// @param category how a column of categories becomes numbers
  /// @throws ProblemException COLUMN_NOT_FOUND or NO_FEATURES
  static Columns find(
      Frame frame,
      String ignored,
      Function<Frame.Column, Coded> number,
      Function<Frame.Column, Coded> category) {
    var ignore = ignored(frame, ignored);
    var used = new ArrayList<Coded>();
    var dropped = new TreeMap<String, String>();
    for (var name : frame.columns()) {
      var column = frame.column(name);
      var profile = Profile.of(column, null);
      if (ignore.contains(name)) {
        dropped.put(name, "it is to be ignored");
      } else if (profile.unusable() != null) {
        dropped.put(name, profile.unusable());
      } else {
        switch (profile.kind()) {
          case NUMBER -> used.add(number.apply(column));
          case CATEGORY -> used.add(category.apply(column));
          case DATE, TEXT ->
              dropped.put(name, "rows are not compared by a %s".formatted(profile.kind().word()));
        }
      }
    }
    if (used.isEmpty()) {
      throw new ProblemException(
          ProblemCode.NO_FEATURES,
          "no column of %s can be learned from: %s".formatted(frame.name(), dropped));
    }
    dropped.forEach((column, why) -> System.out.printf("Left out column '%s': %s%n", column, why));
    return new Columns(used, dropped);
  }

  private static Set<String> ignored(Frame frame, String ignored) {
    var names = new LinkedHashSet<String>();
    Arrays.stream(ignored.split(",", -1))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .forEach(name -> names.add(frame.column(name).name()));
    return names;
  }

  /// For the model's signature.
  @JsonIgnore
  List<ModelFolder.Field> fields() {
    return used.stream()
        .map(coded ->
            switch (coded) {
              case Coded.Plain _, Coded.Measure _ -> ModelFolder.Field.column(coded.column(), true);
              case Coded.Rarity _, Coded.Levels _ ->
                  ModelFolder.Field.column(coded.column(), false);
            })
        .toList();
  }

  @JsonIgnore
  int width() {
    return used.stream().mapToInt(Coded::width).sum();
  }

  /// A row of numbers for each row of the table.
  ///
  /// @throws ProblemException COLUMN_NOT_FOUND
  double[][] encode(Frame frame) {
    var rows = new double[frame.rows()][width()];
    int at = 0;
    for (var coded : used) {
      coded.encode(frame.column(coded.column()), rows, at);
      at += coded.width();
    }
    return rows;
  }
}

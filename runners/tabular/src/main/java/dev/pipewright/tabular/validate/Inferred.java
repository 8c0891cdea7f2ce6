package dev.pipewright.tabular.validate;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.data.Cells;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Profile;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeSet;

/// Expectations that a table meets, to begin with. They say what is so, not what must be: a person
/// goes through them.
final class Inferred {
  private static final int FEW_VALUES = 20;
  private static final int OFTEN = 5;

  private Inferred() {}

  /// As YAML.
  static String of(Frame frame) {
    var yaml =
        new StringBuilder(
            "# What %s is like. Keep what must be so, and drop the rest.\n"
                .formatted(frame.name().replaceAll("\\R", " ")));
    yaml.append("rows: { min: 1 }\ncolumns:\n");
    var profiles = Profile.all(frame, Map.of());
    for (var name : frame.columns()) {
      yaml.append(
          "  %s: { %s }\n".formatted(quoted(name), column(frame.column(name), profiles.get(name))));
    }
    return yaml.append("otherColumns: false\n").toString();
  }

  private static String column(Frame.Column column, Profile profile) {
    var rules = new ArrayList<String>();
    boolean numbers = column.texts().isEmpty() && Double.isFinite(profile.min());
    if (numbers) {
      rules.add("type: " + (profile.whole() && profile.infinite() == 0 ? "int" : "number"));
      rules.add("min: " + number(profile.min()));
      rules.add("max: " + number(profile.max()));
    } else if (profile.kind() == Profile.Kind.DATE) {
      rules.add("type: date");
    } else {
      rules.add("type: string");
      var values = new TreeSet<String>();
      for (int row = 0; row < column.rows() && values.size() <= FEW_VALUES; row++) {
        if (!column.missing(row)) {
          values.add(column.text(row));
        }
      }
      if (!values.isEmpty()
          && values.size() <= FEW_VALUES
          && column.rows() >= OFTEN * values.size()) {
        rules.add(
            "values: [%s]"
                .formatted(String.join(", ", values.stream().map(Inferred::quoted).toList())));
      }
    }
    if (profile.missing() == 0
        && profile.distinct() == column.rows()
        && profile.unusable() != null) {
      rules.add("unique: true");
    }
    // Up to the next whole percent.
    double share = Math.ceil(100.0 * profile.missing() / column.rows()) / 100;
    if (share < 1) {
      rules.add("maxMissing: " + Cells.label(share));
    }
    return String.join(", ", rules);
  }

  private static String number(double value) {
    return Cells.label(value).replace("E", "e");
  }

  /// A JSON text is a YAML text.
  private static String quoted(String text) {
    if (text.matches("[A-Za-z_][A-Za-z_0-9]*")
        && !text.matches("(?i)true|false|null|yes|no|on|off|y|n")) {
      return text;
    }
    try {
      return Json.MAPPER.writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.pipewright.tabular.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A table. Numbers stand right under each other; texts stand left.
public final class Grid {
  /// How a mark is meant.
  public enum Tone {
    GOOD,
    WARNING,
    BAD,
    PLAIN
  }

  /// A word with a colour.
  public record Mark(String text, Tone tone) {}

  /// A share from 0 to 1, as a bar behind the number.
  public record Share(double share) {}

  private final List<String> columns;
  private final List<List<Object>> rows = new ArrayList<>();
  private int shown = 200;

  public Grid(String... columns) {
    this.columns = List.of(columns);
  }

  /// @param cells texts, numbers, [Mark]s or [Share]s, one for each column
  public Grid row(Object... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(
          "%d cells for %d columns".formatted(cells.length, columns.size()));
    }
    rows.add(List.of(cells));
    return this;
  }

  /// Rows beyond these are counted, not shown.
  public Grid showing(int most) {
    shown = most;
    return this;
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  String html() {
    var html = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
    for (int c = 0; c < columns.size(); c++) {
      html.append(numeric(c) ? "<th class=\"num\">" : "<th>")
          .append(Text.escaped(columns.get(c)))
          .append("</th>");
    }
    html.append("</tr></thead><tbody>\n");
    for (var row : rows.subList(0, Math.min(shown, rows.size()))) {
      html.append("<tr>");
      row.forEach(cell -> html.append(cell(cell)));
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div>\n");
    if (rows.size() > shown) {
      html.append("<p class=\"soft\">and %,d more</p>\n".formatted(rows.size() - shown));
    }
    return html.toString();
  }

  private boolean numeric(int column) {
    return !rows.isEmpty() && rows.getFirst().get(column) instanceof Number;
  }

  private static String cell(Object cell) {
    return switch (cell) {
      case Number number ->
          "<td class=\"num\">%s</td>".formatted(Text.number(number.doubleValue()));
      case Mark mark ->
          "<td><span class=\"mark %s\">%s</span></td>"
              .formatted(tone(mark.tone), Text.escaped(mark.text));
      case Share share ->
          String.format(
              Locale.ROOT,
              "<td class=\"share\"><i style=\"width:%.1f%%\"></i><span>%s</span></td>",
              100 * Math.clamp(share.share, 0, 1),
              Text.percent(share.share));
      default -> "<td>%s</td>".formatted(Text.escaped(cell.toString()));
    };
  }

  static String tone(Tone tone) {
    return switch (tone) {
      case GOOD -> "good";
      case WARNING -> "warning";
      case BAD -> "bad";
      case PLAIN -> "plain";
    };
  }
}

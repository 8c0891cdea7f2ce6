package dev.pipewright.cli;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Map;

/// Where we print to: a terminal that can redraw lines, or a file or pipe that cannot.
final class Terminal {
  private static final String ESC = "\u001b[";

  private final PrintStream out;
  private final boolean live;
  private final boolean colours;
  private final boolean pictures;
  private final int width;
  private int drawn;

  /// @param live whether lines can be redrawn in place
  /// @param pictures whether it can show more than ASCII
  Terminal(PrintStream out, boolean live, boolean colours, boolean pictures, int width) {
    this.out = out;
    this.live = live;
    this.colours = colours;
    this.pictures = pictures;
    this.width = width;
  }

  /// Standard output as it is. `NO_COLOR` and `CI` ask for plain lines, as does `TERM=dumb`.
  static Terminal standard(Map<String, String> environment) {
    var console = System.console();
    boolean plain =
        console == null
            || !console.isTerminal()
            || environment.containsKey("NO_COLOR")
            || environment.containsKey("CI")
            || environment.getOrDefault("TERM", "dumb").equals("dumb");
    var charset = Charset.forName(System.getProperty("stdout.encoding", "US-ASCII"));
    boolean pictures = charset.newEncoder().canEncode('✓');
    return new Terminal(System.out, !plain, !plain, pictures, width(environment));
  }

  boolean live() {
    return live;
  }

  /// Prints a line that stays.
  void line(String text) {
    clear();
    out.println(text);
    out.flush();
  }

  /// Shows lines that the next call replaces; does nothing where lines cannot be redrawn.
  void draw(List<String> lines) {
    if (!live) {
      return;
    }
    clear();
    for (var line : lines) {
      out.print(cut(line) + "\n");
    }
    drawn = lines.size();
    out.flush();
  }

  /// Lets what was drawn last stay as it is.
  void keep() {
    drawn = 0;
  }

  String green(String text) {
    return coloured("32", text);
  }

  String red(String text) {
    return coloured("31", text);
  }

  String yellow(String text) {
    return coloured("33", text);
  }

  String blue(String text) {
    return coloured("36", text);
  }

  String dim(String text) {
    return coloured("2", text);
  }

  String bold(String text) {
    return coloured("1", text);
  }

  /// The first where it can be shown, otherwise the second.
  String picture(String picture, String ascii) {
    return pictures ? picture : ascii;
  }

  private void clear() {
    if (drawn > 0) {
      out.print(ESC + drawn + "A\r" + ESC + "J");
      drawn = 0;
    }
  }

  private String coloured(String code, String text) {
    return colours ? ESC + code + "m" + text + ESC + "0m" : text;
  }

  /// A line that wraps would be counted as one and cleared as one, and the picture would crawl.
  private String cut(String line) {
    int visible = 0;
    for (int i = 0; i < line.length(); i++) {
      if (line.charAt(i) == '\u001b') {
        i = line.indexOf('m', i);
      } else if (++visible >= width) {
        return line.substring(0, i) + (colours ? ESC + "0m" : "");
      }
    }
    return line;
  }

  private static int width(Map<String, String> environment) {
    // The script asks the terminal; the JVM cannot.
    var columns = environment.getOrDefault("PIPEWRIGHT_COLUMNS", "");
    return columns.matches("[1-9][0-9]{1,3}") ? Integer.parseInt(columns) : 80;
  }
}

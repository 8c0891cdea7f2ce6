package dev.pipewright.cli;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// As much of a table as has to be known before anything is started: that it is there, has the
/// column to predict, and has rows.
final class Csv {
  private static final String SEPARATORS = ",;\t|";

  private Csv() {}

  /// @throws ProblemException INPUT_MISSING, TABLE_UNREADABLE, TARGET_NOT_A_COLUMN or TABLE_EMPTY
  static void check(Path table, String target) {
    if (!Files.exists(table)) {
      throw new ProblemException(ProblemCode.INPUT_MISSING, "There is no file " + table + ".");
    }
    if (!Files.isRegularFile(table) || !Files.isReadable(table)) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          table + (Files.isDirectory(table) ? " is a folder, not a file." : " cannot be read."),
          "Give a CSV file that you can read.");
    }
    try (var lines = Files.newBufferedReader(table)) {
      var header = header(lines);
      if (header.isBlank()) {
        throw new ProblemException(ProblemCode.TABLE_EMPTY, table + " is empty.");
      }
      var columns = columns(header);
      if (!columns.contains(target)) {
        throw notAColumn(table, target, columns);
      }
      if (lines.lines().allMatch(String::isBlank)) {
        throw new ProblemException(
            ProblemCode.TABLE_EMPTY, table + " has a header, but no rows below it.");
      }
    } catch (MalformedInputException e) {
      throw new ProblemException(
          ProblemCode.TABLE_UNREADABLE, table + " is not UTF-8 text.", "Save it as CSV in UTF-8.");
    } catch (IOException | UncheckedIOException e) {
      throw new ProblemException(
          ProblemCode.TABLE_UNREADABLE, table + " cannot be read: " + e.getMessage(), e);
    }
  }

  /// The columns a header line names. The separator is the one of the usual ones that occurs most.
  static List<String> columns(String header) {
    var text = header.startsWith("\ufeff") ? header.substring(1) : header;
    char separator = ',';
    long most = 0;
    for (char candidate : SEPARATORS.toCharArray()) {
      long count = text.chars().filter(c -> c == candidate).count();
      if (count > most) {
        most = count;
        separator = candidate;
      }
    }
    var columns = new ArrayList<String>();
    var column = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
        column.append(c);
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        columns.add(column.toString().strip());
        column.setLength(0);
      } else {
        column.append(c);
      }
    }
    columns.add(column.toString().strip());
    return columns;
  }

  /// The names that the wrong one is most like.
  static List<String> nearest(String wrong, List<String> names, int count) {
    var word = wrong.toLowerCase(Locale.ROOT);
    return names.stream()
        .sorted(Comparator.comparingInt(name -> distance(word, name.toLowerCase(Locale.ROOT))))
        .limit(count)
        .toList();
  }

  private static ProblemException notAColumn(Path table, String target, List<String> columns) {
    var near = nearest(target, columns, 3);
    return new ProblemException(
        ProblemCode.TARGET_NOT_A_COLUMN,
        "%s has no column %s among its %d.".formatted(table, target, columns.size()),
        "The nearest are: " + String.join(", ", near) + ".");
  }

  /// The header may run over several lines when a name in quotes does.
  private static String header(BufferedReader lines) throws IOException {
    var header = new StringBuilder();
    String line;
    while ((line = lines.readLine()) != null) {
      header.append(header.isEmpty() ? "" : "\n").append(line);
      boolean closed = header.chars().filter(c -> c == '"').count() % 2 == 0;
      if (closed && !header.toString().isBlank()) {
        break;
      }
    }
    return header.toString();
  }

  /// Levenshtein: how many letters have to be put in, taken out or changed.
  private static int distance(String a, String b) {
    var above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      var row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[b.length()];
  }
}

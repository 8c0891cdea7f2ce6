package dev.pipewright.tabular.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameTest {
  @TempDir Path folder;

  private Frame csv(String text) throws IOException {
    return Frames.read(Files.writeString(folder.resolve("t.csv"), text), "t.csv");
  }

  private static List<List<String>> cells(Frame frame) {
    var rows = new ArrayList<List<String>>();
    for (int row = 0; row < frame.rows(); row++) {
      var cells = new ArrayList<String>();
      for (int column = 0; column < frame.columns().size(); column++) {
        cells.add(frame.column(column).text(row));
      }
      rows.add(cells);
    }
    return rows;
  }

  @Test
  void aCellIsANumberATextOrMissing() throws IOException {
    var frame = csv("a,b\n1.50,x\n?,y\n-2e3,x\ninf,01\n");
    var a = frame.column("a");
    var b = frame.column("b");
    assertThat(cells(frame))
        .containsExactly(
            List.of("1.5", "x"),
            List.of("", "y"),
            List.of("-2000", "x"),
            List.of("Infinity", "01"));
    assertThat(a.missing(1)).isTrue();
    assertThat(a.number(1)).isNaN();
    assertThat(a.number(3)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(b.number(0)).isNaN();
    assertThat(List.of(b.code(0), b.code(1), b.code(2), b.code(3))).containsExactly(0, 1, 0, 2);
    assertThat(a.code(0)).isEqualTo(-1);
    assertThat(b.texts()).containsExactly("x", "y", "01");
  }

  @Test
  void aTableOfManyChunksIsTheSameInAFileAndInMemory() throws IOException {
    int rows = 3 * Frame.CHUNK + 7;
    var random = new Random(7);
    var builder = new FrameBuilder("big", List.of("n", "t", "m"));
    var numbers = new double[rows];
    for (int row = 0; row < rows; row++) {
      numbers[row] = random.nextGaussian();
      builder.number(0, numbers[row]);
      builder.text(1, "t" + row % 11);
      if (row % 3 == 0) {
        builder.number(2, row);
      }
      builder.endRow();
    }
    var built = builder.build();
    built.save(folder.resolve("frame"));
    var chosen = new int[] {rows - 1, 0, Frame.CHUNK, 5};
    for (var frame : List.of(built, Frame.open(folder.resolve("frame")))) {
      assertThat(frame.rows()).isEqualTo(rows);
      for (int row = 0; row < rows; row += 101) {
        assertThat(frame.column("n").number(row)).isEqualTo(numbers[row]);
        assertThat(frame.column("t").text(row)).isEqualTo("t" + row % 11);
        assertThat(frame.column("m").missing(row)).isEqualTo(row % 3 != 0);
      }
      var some = frame.rows(chosen);
      assertThat(some.rows()).isEqualTo(4);
      assertThat(some.column("n").number(2)).isEqualTo(numbers[Frame.CHUNK]);
      assertThat(some.column("t").text(0)).isEqualTo("t" + (rows - 1) % 11);
    }
  }

  @ParameterizedTest
  @CsvSource({"300, 32777", "10000, 1500", "200000, 70"})
  void aLargeTableGoesToTheDisk(int width, int rows) {
    var names = new ArrayList<String>();
    for (int i = 0; i < width; i++) {
      names.add("c" + i);
    }
    var builder = new FrameBuilder("wide", names);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < width; i++) {
        builder.number(i, row * 1000.0 + i);
      }
      builder.endRow();
    }
    var frame = builder.build();
    for (int row = 0; row < rows; row += rows > 100 ? 97 : 1) {
      assertThat(frame.column(row % width).number(row)).isEqualTo(row * 1000.0 + row % width);
    }
  }

  @Test
  void otherWaysToWriteTheSameTable() throws IOException {
    var text = "a,b\n1,x\n2,é\n";
    var expected = cells(csv(text));
    var zipped = folder.resolve("z.csv.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    var wide =
        Files.write(
            folder.resolve("w.csv"),
            ("\uFEFF" + text.replace(',', '\t')).getBytes(StandardCharsets.UTF_16LE));
    var lines =
        Files.writeString(
            folder.resolve("l.jsonl"), "{\"a\":1,\"b\":\"x\"}\n{\"b\":\"é\",\"a\":2.0}\n");
    var array =
        Files.writeString(
            folder.resolve("a.json"), "[{\"a\":1,\"b\":\"x\"},\n {\"a\":2,\"b\":\"é\"}]");
    var marked = Files.writeString(folder.resolve("m.json"), "\uFEFF" + Files.readString(array));
    var indented =
        Files.writeString(
            folder.resolve("i.json"),
            "[\n  {\n    \"a\": 1,\n    \"b\": \"x\"\n  },\n  {\"a\": 2, \"b\": \"é\"}\n]\n");
    for (var file : List.of(zipped, wide, lines, array, marked, indented)) {
      assertThat(cells(Frames.read(file, "t"))).as(file.toString()).isEqualTo(expected);
    }
  }

  @Test
  void fieldsOfObjectsWithinAreColumns() throws IOException {
    var file =
        Files.writeString(
            folder.resolve("l.jsonl"),
            "{\"a\":{\"b\":1,\"c\":null},\"ok\":true}\n{\"late\":[1,2]}\n");
    var frame = Frames.read(file, "l");
    assertThat(frame.columns()).containsExactly("a.b", "a.c", "ok", "late");
    assertThat(cells(frame))
        .containsExactly(List.of("1", "", "true", ""), List.of("", "", "", "[1,2]"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":1}\\n{\"a\":|line 2 of t.jsonl",
        "{\"a\":1}\\n7|line 2 of t.jsonl is not an object",
        "a,b\\n1,2\\n3|line 3 of t.jsonl has 1 cells",
        "PAR1xxxx|not a whole Parquet file",
      })
  void whatCannotBeReadIsNamed(String text, String message) throws IOException {
    var file = Files.writeString(folder.resolve("t.jsonl"), text.replace("\\n", "\n"));
    assertThatThrownBy(() -> Frames.read(file, "t.jsonl")).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1",
    "1.25,1.25",
    "-0.5,-0.5",
    "+3,3",
    "1e3,1000",
    " 7 ,7",
    ".5,0.5",
    "5.,5",
    "0,0",
    "-0,0",
    "0.1,0.1",
    "123456789012345678,123456789012345678",
    "9007199254740993,9007199254740993",
    "1e400,Infinity",
    "-Inf,-Infinity",
    "01,NaN",
    "1-2,NaN",
    "e,NaN",
    ".,NaN",
    "-,NaN",
    "1f,NaN",
    "0x1p3,NaN",
    "x,NaN",
    "1 2,NaN",
    "00.5,0.5",
    "01234567890123456789,NaN",
    "-01234567890123456789,NaN",
    "01234567890123456789.5,1234567890123456789.5",
    "3.141592653589793,3.141592653589793",
    "0.30000000000000004,0.30000000000000004"
  })
  void numbers(String text, double value) {
    assertThat(Double.valueOf(Cells.parse(text) + 0.0)).isEqualTo(Double.valueOf(value));
  }

  /// Ids that are one and the same double, in every format, kept and read again.
  @Test
  void wholeNumbersKeepTheirDigits() throws IOException {
    var numbers =
        List.of(
            "1234567890123456788",
            "1234567890123456789",
            "-9007199254740993",
            "9007199254740991",
            "123456789012345678901234567890");
    var text = "id,other\n" + String.join(",x\n", numbers) + ",x\n+9007199254740992,y\n1e20,y\n";
    var lines =
        Files.writeString(
            folder.resolve("t.jsonl"),
            numbers.stream().map("{\"id\": %s}\n"::formatted).collect(Collectors.joining()));
    assertThat(cells(Frames.read(lines, "t.jsonl")))
        .isEqualTo(numbers.stream().map(List::of).toList());
    var read = csv(text);
    read.save(folder.resolve("saved"));
    for (var frame :
        List.of(
            read,
            read.rows(new int[] {0, 1, 2, 3, 4, 5, 6}),
            read.with(1, new int[] {6, 5, 4, 3, 2, 1, 0}))) {
      var id = frame.column("id");
      for (int row = 0; row < numbers.size(); row++) {
        assertThat(id.text(row)).isEqualTo(numbers.get(row));
        assertThat(id.number(row)).isEqualTo(Double.parseDouble(numbers.get(row)));
        assertThat(id.byDigits(row)).isEqualTo(row != 3);
        assertThat(id.code(row)).isEqualTo(-1);
        assertThat(id.missing(row)).isFalse();
      }
      assertThat(id.text(5)).isEqualTo("9007199254740992");
      assertThat(id.byDigits(6)).isFalse();
      assertThat(id.texts()).isEmpty();
      assertThat(Profile.of(id, null).kind()).isEqualTo(Profile.Kind.NUMBER);
    }
    // Who learns from a table has no use for more than the nearest double.
    var saved = Frame.open(folder.resolve("saved"));
    for (int row = 0; row < numbers.size(); row++) {
      assertThat(saved.column("id").number(row)).isEqualTo(Double.parseDouble(numbers.get(row)));
      assertThat(saved.column("other").text(row)).isEqualTo("x");
    }
  }

  @Test
  void aHeaderMayBeginAsOtherFormatsDo() throws IOException {
    assertThat(csv("PK,name\n1,x\n").columns()).containsExactly("PK", "name");
  }

  @Test
  void aDateOfManyTextsIsReadAsAllOfThemAre() throws IOException {
    var text = new StringBuilder("at,v\n");
    for (int minute = 0; minute < 60 * 24 * 60; minute += 15) {
      int day = minute / (60 * 24);
      text.append(
          "%d/%d/2020 %d:%02d,1\n"
              .formatted(1 + day / 30, 1 + day % 30, minute / 60 % 24, minute % 60));
    }
    assertThat(Profile.all(csv(text.toString()), Map.of()).get("at").dates())
        .isEqualTo(Dates.MONTH_FIRST);
  }

  @Test
  void idsOfManyRowsAreFoundAndPartsOfTablesLookedAtAlone() throws IOException {
    int rows = Profile.MANY + 10;
    var builder = new FrameBuilder("many", List.of("id", "twice", "name"));
    for (int row = 0; row < rows; row++) {
      builder.number(0, row);
      builder.number(1, Math.max(1, row));
      builder.text(2, "n" + (row < 1_000 ? row % 50 : row));
      builder.endRow();
    }
    var frame = builder.build();
    var profiles = Profile.all(frame, Map.of());
    assertThat(profiles.get("id").unusable()).contains("id");
    assertThat(profiles.get("twice").unusable()).isNull();
    assertThat(profiles.get("name").unusable()).contains("id");
    var part = frame.rows(IntStream.range(0, 1_000).toArray());
    assertThat(Profile.of(part.column("name"), null).distinct()).isEqualTo(50);
    assertThat(Profile.of(part.column("name"), null).unusable()).isNull();
  }

  @Test
  void kinds() throws IOException {
    var text = new StringBuilder("num,cat,date,us,prose,id,key,same,odd,zip,none\n");
    var random = new Random(1);
    for (int i = 0; i < 200; i++) {
      text.append(random.nextGaussian()).append(',').append("abc".charAt(i % 3)).append(',');
      text.append("2024-01-%02dT10:0%d:00".formatted(1 + i % 28, i % 10)).append(',');
      text.append("%d/%d/2024".formatted(1 + i % 12, 1 + i % 28)).append(',');
      text.append("the quick fox number %d jumps".formatted(i)).append(',');
      text.append(1000 + i).append(',').append("k" + i * 31).append(",1,");
      text.append(i == 3 ? "unknown" : Double.toString(i / 7.0)).append(',');
      text.append("%05d".formatted(i % 17)).append(",\n");
    }
    var frame = csv(text.toString());
    var profiles = Profile.all(frame, Map.of());
    assertThat(profiles.get("num").kind()).isEqualTo(Profile.Kind.NUMBER);
    assertThat(profiles.get("cat").kind()).isEqualTo(Profile.Kind.CATEGORY);
    assertThat(profiles.get("date").dates()).isEqualTo(Dates.ISO);
    assertThat(profiles.get("us").dates()).isEqualTo(Dates.MONTH_FIRST);
    assertThat(profiles.get("prose").kind()).isEqualTo(Profile.Kind.TEXT);
    assertThat(profiles.get("id").unusable()).contains("id");
    assertThat(profiles.get("key").unusable()).contains("id");
    assertThat(profiles.get("same").unusable()).contains("same value");
    assertThat(profiles.get("odd").kind()).isEqualTo(Profile.Kind.NUMBER);
    assertThat(profiles.get("zip").kind()).isEqualTo(Profile.Kind.CATEGORY);
    assertThat(profiles.get("none").unusable()).contains("missing");
    var wished = Profile.all(frame, Map.of("id", Profile.Kind.CATEGORY));
    assertThat(wished.get("id").kind()).isEqualTo(Profile.Kind.CATEGORY);
    assertThat(wished.get("id").unusable()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ISO|1970-01-02|86400",
        "ISO|1970-01-01 00:01|60",
        "ISO|1970-01-01T01:00:00+01:00|0",
        "ISO|1970-01-01T00:00:01.500Z|1.5",
        "DAY_FIRST|2/1/1970|86400",
        "MONTH_FIRST|1/2/1970|86400",
        "DOTTED|02.01.1970|86400",
        "NAMED|2-Jan-1970|86400",
        "NAME_FIRST|Jan 2, 1970|86400",
        "MONTH|1970-02|2678400",
        "ISO|1970-13-01|NaN",
        "ISO|yesterday|NaN",
      })
  void dates(Dates way, String text, double seconds) {
    assertThat(Double.valueOf(way.seconds(text))).isEqualTo(Double.valueOf(seconds));
  }
}

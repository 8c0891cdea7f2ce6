package dev.pipewright.tracker.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MetricChunkTest {
  private static final Path GOLDEN =
      Path.of(
          System.getProperty("pipewright.root"),
          "tracker/src/test/resources/golden/metric-chunk-v2.hex");

  record Point(long step, long timestamp, double value) {}

  @Provide
  Arbitrary<List<Point>> points() {
    var values =
        Arbitraries.oneOf(
            Arbitraries.doubles(),
            Arbitraries.of(
                Double.NaN,
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                -0.0,
                Double.MIN_VALUE,
                Double.MAX_VALUE));
    return Combinators.combine(Arbitraries.longs(), Arbitraries.longs(), values)
        .as(Point::new)
        .list()
        .ofMaxSize(200);
  }

  private static Points chunk(List<Point> points) {
    return new Points(
        points.stream().mapToLong(Point::step).toArray(),
        points.stream().mapToLong(Point::timestamp).toArray(),
        points.stream().mapToDouble(Point::value).toArray());
  }

  @Property
  void everyPointComesBackToTheBit(@ForAll("points") List<Point> points) {
    var chunk = chunk(points);
    var decoded = MetricChunk.decode(MetricChunk.encode(chunk));
    assertSame(decoded, chunk);
  }

  @Property
  void aChartKeepsTheRangeAndTheEnds(@ForAll("points") List<Point> points) {
    var all = MetricChunk.decode(MetricChunk.encode(chunk(points))).byStep();
    var shown = Downsample.minMax(all, 10);
    assertThat(shown.size()).isLessThanOrEqualTo(10);
    var numbers = Arrays.stream(all.values()).filter(v -> !Double.isNaN(v)).summaryStatistics();
    var kept = Arrays.stream(shown.values()).filter(v -> !Double.isNaN(v)).summaryStatistics();
    assertThat(kept.getMin()).isEqualTo(numbers.getMin());
    assertThat(kept.getMax()).isEqualTo(numbers.getMax());
    if (all.size() > 0) {
      assertThat(shown.steps()[0]).isEqualTo(all.steps()[0]);
      assertThat(shown.steps()[shown.size() - 1]).isEqualTo(all.steps()[all.size() - 1]);
    }
  }

  @Test
  void aTypicalCurveTakesAtMostNineBytesAPoint() {
    var random = new Random(1);
    int n = 10_000;
    var chunk =
        new Points(
            LongStream.range(0, n).toArray(),
            LongStream.range(0, n)
                .map(i -> 1_700_000_000_000L + i * 37 + random.nextInt(5))
                .toArray(),
            IntStream.range(0, n)
                .mapToDouble(i -> Math.exp(-i / 3000.0) + random.nextGaussian() / 50)
                .toArray());
    assertThat(MetricChunk.encode(chunk).length / (double) n).isLessThan(9);
  }

  private static Points merge(Points... parts) {
    var buffer = new PointBuffer();
    for (var part : parts) {
      buffer.add(part);
    }
    return buffer.points().byStep();
  }

  @Test
  void reloggedStepsAreSortedAndExactRepetitionsDropped() {
    var first = new Points(new long[] {3, 1, 2}, new long[] {30, 10, 20}, new double[] {3, 1, 2});
    var again =
        new Points(new long[] {2, 2, 4}, new long[] {20, 25, 40}, new double[] {2, 9, Double.NaN});
    var merged = merge(first, again);
    assertThat(merged.steps()).containsExactly(1, 2, 2, 3, 4);
    assertThat(merged.values()).containsExactly(1, 2, 9, 3, Double.NaN);
  }

  /// More than a block, with what is particular about each column: a step that jumps back, a time
  /// that stands still, values that change sign, repeat, are NaN or infinite.
  private static Points goldenPoints() {
    int n = 130;
    return new Points(
        LongStream.range(0, n).map(i -> i == 129 ? -7 : 10 * i).toArray(),
        LongStream.range(0, n).map(i -> 1_700_000_000_000L + i / 2 * 1_000).toArray(),
        IntStream.range(0, n)
            .mapToDouble(i ->
                switch (i) {
                  case 5 -> Double.NaN;
                  case 128 -> Double.NEGATIVE_INFINITY;
                  case 129 -> -0.0;
                  default -> (i % 4 - 1) * 0.25;
                })
            .toArray());
  }

  /// What is stored stays readable, also for an older server of this format: these bytes do not
  /// change, another format gets another number. `-Dpipewright.update` writes them anew.
  @Test
  void theFormatIsGolden() throws IOException {
    var encoded = HexFormat.of().formatHex(MetricChunk.encode(goldenPoints()));
    if (Boolean.getBoolean("pipewright.update")) {
      Files.writeString(GOLDEN, encoded);
    }
    assertThat(encoded).isEqualTo(Files.readString(GOLDEN));
    assertSame(MetricChunk.decode(HexFormat.of().parseHex(encoded)), goldenPoints());
  }

  private static void assertSame(Points found, Points expected) {
    assertThat(found.steps()).isEqualTo(expected.steps());
    assertThat(found.timestamps()).isEqualTo(expected.timestamps());
    assertThat(bits(found)).isEqualTo(bits(expected));
  }

  private static long[] bits(Points points) {
    return Arrays.stream(points.values()).mapToLong(Double::doubleToRawLongBits).toArray();
  }

  /// Format 1, byte by byte: steps 1 and 2, times 1000 and 1001, values 1.5 and 2.5.
  @Test
  void theFirstFormatIsRead() {
    assertSame(
        MetricChunk.decode(HexFormat.of().parseHex("01020200d00fcd0f063ff8067ffc")),
        new Points(new long[] {1, 2}, new long[] {1000, 1001}, new double[] {1.5, 2.5}));
  }

  @Test
  void anotherFormatIsRefused() {
    assertThatThrownBy(() -> MetricChunk.decode(new byte[] {3, 0}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("version 3");
  }
}

package dev.pipewright.tabular.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.tabular.report.Grid.Mark;
import dev.pipewright.tabular.report.Grid.Share;
import dev.pipewright.tabular.report.Grid.Tone;
import java.io.StringReader;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class PageTest {
  private static final String NASTY = "<script>a & \"b\"</script> ]]> \u0001\uD83D\uDE00";
  private static final double[] NONE = {};

  static Stream<Picture> pictures() {
    double[] x = {0, 1, 2, 3};
    double[] y = {1, 4, Double.NaN, 2};
    double[] same = {5, 5, 5, 5};
    return Stream.of(
        Plot.of(NASTY, NASTY)
            .line(NASTY, x, y)
            .steps("steps", x, same)
            .band(x, same, x)
            .points("points", x, y)
            .columns("columns", new double[] {0, 1, 2, 3, 4}, x)
            .guide(0, 0, 3, 3)
            .mark(NASTY, 1)
            .picture(NASTY),
        Plot.of("nothing", "at all").line("a", NONE, NONE).picture("empty"),
        Plot.of("one", "point").points("a", new double[] {7}, new double[] {7}).picture("point"),
        Plot.of("huge", "infinite")
            .line("a", new double[] {-1e300, 1e300}, new double[] {1, Double.POSITIVE_INFINITY})
            .picture("huge"),
        Bars.of(NASTY).bar(NASTY, 3, "3").bar("less", -1, NASTY).picture(NASTY),
        Bars.of("none").picture("empty"),
        Bars.of("auc").interval(NASTY, .8, .7, .9).reference(NASTY, .5).picture("intervals"),
        Matrix.confusion(NASTY, List.of(NASTY, "b"), new double[][] {{3, 1}, {0, 0}}),
        Matrix.confusion("many", Collections.nCopies(60, "class"), new double[60][60]),
        Swarm.of("effect").row(NASTY, y, new double[] {0, .5, 1, Double.NaN}).picture(NASTY));
  }

  @ParameterizedTest
  @MethodSource("pictures")
  void pictures_are_well_formed_whatever_is_in_them(Picture picture) throws Exception {
    var svg = parsed(picture.svg());
    assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
    assertThat(svg.getElementsByTagName("script").getLength()).isZero();
    // The style sheet has no attribute; no coordinate may be nothing.
    assertThat(picture.svg())
        .doesNotContainPattern("=\"(NaN|Infinity|-Infinity)")
        .doesNotContain("NaN,", ",NaN");
  }

  @Test
  void a_page_holds_everything_and_loads_nothing() throws Exception {
    var page = new Page(NASTY, NASTY).verdict(Tone.GOOD, NASTY).fact(NASTY, NASTY, NASTY);
    var section = page.section(NASTY, NASTY);
    section
        .text(NASTY)
        .heading(NASTY)
        .note(Tone.WARNING, NASTY)
        .code(NASTY + "\nsecond line")
        .table(
            new Grid(NASTY, "n", "m", "s")
                .row(NASTY, 1.5, new Mark(NASTY, Tone.BAD), new Share(.5)))
        .table(new Grid("empty"))
        .image(new byte[] {1, 2, 3}, NASTY, NASTY)
        .image(new byte[] {4}, "another", "beside it");
    pictures().forEach(section::chart);
    section.text("after the charts");
    var html = page.html();
    assertThat(html)
        .doesNotContain("<script")
        .doesNotContainPattern("(src|href)=\"(?!#|data:)")
        .doesNotContain("@import", "url(")
        .contains("&lt;script&gt;", "second line", "after the charts");
    // Apart from its first line it is XML, so every element is closed.
    var body = html.substring(html.indexOf("<body>"), html.indexOf("</html>"));
    assertThat(parsed(body).getElementsByTagName("figure").getLength()).isEqualTo(12);
    assertThat(parsed(body).getElementsByTagName("tr").getLength()).isEqualTo(2);
  }

  @Test
  void a_long_table_says_how_much_is_not_shown() {
    var grid = new Grid("i").showing(3);
    IntStream.range(0, 10).forEach(grid::row);
    assertThat(grid.html()).contains("and 7 more");
    assertThat(Pattern.compile("<tr><td").matcher(grid.html()).results().count()).isEqualTo(3);
    assertThatThrownBy(() -> grid.row(1, 2)).hasMessage("2 cells for 1 columns");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "-3, −3",
    "1234567, '1,234,567'",
    "0.912749, 0.9127",
    "12.3456, 12.35",
    "123.456, 123.5",
    "1234.5, '1,235'",
    "0.00012345, 1.23e−4",
    "1.5e12, 1.50e12",
    "NaN, –",
    "Infinity, ∞",
    "-0.25, −0.2500"
  })
  void numbers_for_people(double value, String text) {
    assertThat(Text.number(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, '0 0.2 0.4 0.6 0.8 1'",
    "-1, 1, '−1 −0.5 0 0.5 1'",
    "0, 7300, '0 2000 4000 6000'",
    "0.00001, 0.00005, '1e−5 2e−5 3e−5 4e−5 5e−5'",
    "3, 3, '2.6 2.8 3 3.2 3.4'",
    "0, 60000, '0 20k 40k 60k'",
    "0, 2500000, '0 500k 1M 1.5M 2M 2.5M'"
  })
  void ticks_are_round(double low, double high, String ticks) {
    assertThat(new Axis(low, high).ticks(5).stream().map(Axis::label).toList())
        .containsExactly(ticks.split(" "));
  }

  /// For a look at it: `-Dpipewright.sample=FILE` writes a page with one of everything.
  @Test
  void sample() throws Exception {
    var random = new Random(1);
    var x = IntStream.range(0, 60).mapToDouble(i -> i).toArray();
    var y =
        IntStream.range(0, 60)
            .mapToDouble(i -> 1 - Math.exp(-i / 12.0) + random.nextGaussian() * .01)
            .toArray();
    var low = IntStream.range(0, 60).mapToDouble(i -> y[i] - .06).toArray();
    var high = IntStream.range(0, 60).mapToDouble(i -> y[i] + .06).toArray();
    var effects = IntStream.range(0, 300).mapToDouble(i -> random.nextGaussian()).toArray();
    var values =
        IntStream.range(0, 300).mapToDouble(i -> Math.clamp(effects[i] / 4 + .5, 0, 1)).toArray();
    var page =
        new Page(
                "Evaluation of churn-model",
                "Measured on 600 rows of test.csv that the model has not seen.")
            .verdict(
                Tone.GOOD,
                "AUC 0.786, between 0.741 and 0.828: clearly better than a model that looks at no column.")
            .fact("auc", "0.786", "0.741 to 0.828")
            .fact("accuracy", "0.812", "0.79 of always 'no'")
            .fact("log loss", "0.496", "baseline 0.581")
            .fact("rows", "600", "in 2 classes");
    page.section(
            "How good it is",
            "Each measure with the interval that holds it in 95 of 100 samples such as this one.")
        .table(
            new Grid("measure", "value", "from", "to", "share", "verdict")
                .row("auc", .786, .741, .828, new Share(.78), new Mark("good", Tone.GOOD))
                .row("precision", .5, .41, .58, new Share(.5), new Mark("uncertain", Tone.WARNING))
                .row("recall", .1234, .1, .15, new Share(.12), new Mark("poor", Tone.BAD)))
        .chart(
            Plot.of("rounds", "score")
                .y(0, 1.1)
                .band(x, low, high)
                .line("train", x, y)
                .line("validation", x, low)
                .mark("best round 42", 42)
                .picture("Learning curve"))
        .chart(
            Matrix.confusion(
                "Confusion matrix",
                List.of("stays", "leaves"),
                new double[][] {{400, 31}, {80, 89}}))
        .note(
            Tone.WARNING,
            "The disparate impact of 'region' is 0.71, below the four fifths that are taken for a sign of unfair treatment.");
    page.section(
            "What it looks at",
            "How much worse the score gets when a column's values are shuffled.")
        .chart(
            Bars.of("loss of auc")
                .interval("income", .08, .06, .1)
                .interval("months with us", .05, .03, .07)
                .interval("region", .001, -.01, .012)
                .reference("none", 0)
                .picture("Importance"))
        .chart(
            Swarm.of("effect on the log odds")
                .row("income", effects, values)
                .row(
                    "months with us",
                    Stream.of(effects)
                        .flatMapToDouble(java.util.Arrays::stream)
                        .map(v -> v / 3)
                        .toArray(),
                    values)
                .picture("Contributions"))
        .chart(
            Plot.of("residual", "rows")
                .columns("", x, java.util.Arrays.copyOf(high, 59))
                .picture("Histogram"))
        .chart(Bars.of("gain").bar("income", 3, "30 %").bar("age", 1, "10 %").picture("Bars"));
    assertThat(
            parsed(
                    page.html()
                        .substring(page.html().indexOf("<body>"), page.html().indexOf("</html>")))
                .getElementsByTagName("section")
                .getLength())
        .isEqualTo(2);
    var file = System.getProperty("pipewright.sample");
    if (file != null) {
      page.write(java.nio.file.Path.of(file));
    }
  }

  private static Document parsed(String xml) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }
}

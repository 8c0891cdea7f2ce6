package dev.pipewright.tabular.evaluate;

import dev.pipewright.tabular.report.Bars;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Grid.Mark;
import dev.pipewright.tabular.report.Grid.Tone;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Picture;
import dev.pipewright.tabular.report.Text;
import java.util.LinkedHashMap;

/// A comparison as a page, for whoever decides.
final class ComparisonPage {
  private ComparisonPage() {}

  static Page of(Comparison comparison, String champion, String challenger, String data) {
    var page =
        new Page(
            "Champion and challenger",
            "The challenger %s beside the champion %s, on the same %,d rows of %s."
                .formatted(challenger, champion, comparison.rows(), data));
    verdict(page, comparison);
    page.fact("champion", Text.number(comparison.champion()), comparison.metric());
    page.fact("challenger", Text.number(comparison.challenger()), comparison.metric());
    page.fact(
        "better by",
        Text.number(comparison.difference()),
        Text.interval(comparison.low(), comparison.high()));
    page.fact(
        "p", Text.number(comparison.pValue()), "decided at " + Text.number(comparison.alpha()));
    measures(page, comparison);
    tests(page, comparison);
    return page;
  }

  private static void verdict(Page page, Comparison comparison) {
    var difference =
        "%s, from %s"
            .formatted(
                Text.number(Math.abs(comparison.difference())),
                Text.interval(comparison.low(), comparison.high()));
    if (comparison.better()) {
      page.verdict(
          Tone.GOOD,
          "The challenger is better: by %s in %s.".formatted(difference, comparison.metric()));
    } else if (comparison.pValue() < comparison.alpha() && comparison.difference() < 0) {
      page.verdict(
          Tone.BAD,
          "The challenger is worse: by %s in %s.".formatted(difference, comparison.metric()));
    } else if (comparison.pValue() < comparison.alpha()) {
      page.verdict(
          Tone.WARNING,
          "The challenger is better in %s, but by less than the margin of %s."
              .formatted(comparison.metric(), Text.number(comparison.margin())));
    } else {
      page.verdict(
          Tone.WARNING,
          "Nothing is shown: on so few rows, a difference of %s in %s may be chance."
              .formatted(difference, comparison.metric()));
    }
  }

  private static void measures(Page page, Comparison comparison) {
    var grid = new Grid("measure", "champion", "challenger", "difference", "low", "high", "");
    comparison
        .metrics()
        .forEach((name, beside) -> {
          var low = beside.low();
          var high = beside.high();
          boolean sure = low != null && high != null && (low > 0 || high < 0);
          boolean good = (beside.difference() > 0) != Measures.lowerIsBetter(name);
          grid.row(
              name,
              beside.champion(),
              beside.challenger(),
              beside.difference(),
              low == null ? "–" : low,
              high == null ? "–" : high,
              sure && !name.equals(Measures.BIAS)
                  ? new Mark(good ? "better" : "worse", good ? Tone.GOOD : Tone.BAD)
                  : "");
        });
    page.section(
            "All measures",
            "The challenger's less the champion's, with the interval that holds the difference in 95 of 100 tables such as this one. Each measure with one was taken on the same %,d resamples of both."
                .formatted(comparison.resamples()))
        .chart(picture(comparison))
        .table(grid);
  }

  /// The differences, in parts of the champion's measure, so that they fit beside each other.
  static Picture picture(Comparison comparison) {
    var parts = new LinkedHashMap<String, Comparison.Beside>();
    comparison
        .metrics()
        .forEach((name, beside) -> {
          if (Math.abs(beside.champion()) > 1e-12 && !name.equals(Measures.BIAS)) {
            parts.put(name, beside);
          }
        });
    var bars = Bars.of("difference in % of the champion's measure").reference("equal", 0);
    parts.forEach((name, beside) -> {
      var low = beside.low();
      var high = beside.high();
      double size = Math.abs(beside.champion()) / 100;
      if (low != null && high != null) {
        bars.interval(
            name + (Measures.lowerIsBetter(name) ? " (lower is better)" : ""),
            beside.difference() / size,
            low / size,
            high / size);
      }
    });
    return bars.picture("Challenger less champion");
  }

  private static void tests(Page page, Comparison comparison) {
    var tests = comparison.tests();
    var section =
        page.section("Other tests", "Of the same question, by what each of them assumes.");
    var grid = new Grid("test", "of what", "p");
    grid.row("paired bootstrap", comparison.metric(), comparison.pValue());
    if (tests.mcNemar() != null) {
      grid.row(
          "McNemar",
          "%,d rows that only the champion has right, %,d that only the challenger has right"
              .formatted(tests.mcNemar().onlyChampion(), tests.mcNemar().onlyChallenger()),
          tests.mcNemar().p());
    }
    if (tests.deLong() != null) {
      grid.row(
          "DeLong",
          "area under the ROC curve, larger by %s with a standard error of %s"
              .formatted(
                  Text.number(tests.deLong().difference()), Text.number(tests.deLong().error())),
          tests.deLong().p());
    }
    if (tests.squaredErrors() != null) {
      grid.row(
          "Diebold-Mariano",
          "squared errors, smaller by %s on average"
              .formatted(Text.number(tests.squaredErrors().difference())),
          tests.squaredErrors().p());
    }
    section.table(grid);
    if (tests.mcNemar() != null) {
      section
          .heading("Who is right where")
          .table(
              new Grid("", "challenger right", "challenger wrong")
                  .row(
                      "champion right", tests.mcNemar().bothRight(), tests.mcNemar().onlyChampion())
                  .row(
                      "champion wrong",
                      tests.mcNemar().onlyChallenger(),
                      tests.mcNemar().bothWrong()));
    }
  }
}

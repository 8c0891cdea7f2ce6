package dev.pipewright.tabular.validate;

import dev.pipewright.tabular.data.Profile;
import dev.pipewright.tabular.report.Bars;
import dev.pipewright.tabular.report.Grid;
import dev.pipewright.tabular.report.Grid.Mark;
import dev.pipewright.tabular.report.Grid.Tone;
import dev.pipewright.tabular.report.Page;
import dev.pipewright.tabular.report.Text;
import java.util.Map;
import java.util.stream.Collectors;

/// A validation as a page.
final class ValidationPage {
  private static final int SHOWN = 20;

  private ValidationPage() {}

  static Page of(Validation validation, Map<String, Profile> profiles) {
    var page =
        new Page(
            "Validation of " + validation.table(),
            "%,d rows of %,d columns held against %,d expectations."
                .formatted(validation.rows(), validation.columns(), validation.checked()));
    int found = validation.violations().size();
    if (validation.valid()) {
      page.verdict(Tone.GOOD, "The table is as expected.");
    } else {
      page.verdict(
          Tone.BAD,
          found == 1
              ? "One expectation is not met."
              : "%,d expectations are not met.".formatted(found));
    }
    page.fact("rows", Text.number(validation.rows()), "");
    page.fact("columns", Text.number(validation.columns()), "");
    page.fact("expectations", Text.number(validation.checked()), "");
    page.fact("not met", Text.number(found), "");
    violations(page, validation);
    drift(page, validation);
    columns(page, profiles);
    return page;
  }

  private static void violations(Page page, Validation validation) {
    if (validation.valid()) {
      return;
    }
    var grid = new Grid("rule", "column", "what", "rows", "for example");
    for (var violation : validation.violations()) {
      grid.row(
          new Mark(violation.rule(), Tone.BAD),
          violation.column() == null ? "" : violation.column(),
          violation.message(),
          violation.rows() == 0 ? Double.NaN : violation.rows(),
          violation.examples().stream()
              .map(example ->
                  "row %,d: %s"
                      .formatted(
                          example.row(),
                          example.value().isEmpty()
                              ? "nothing"
                              : Text.shortened(example.value(), 60)))
              .collect(Collectors.joining("; ")));
    }
    page.section("What is not as expected", "Row 1 is the first below the header.").table(grid);
  }

  private static void drift(Page page, Validation validation) {
    if (validation.drift().isEmpty()) {
      return;
    }
    var bars = Bars.of("population stability index");
    var grid = new Grid("column", "stability index", "Kolmogorov-Smirnov", "");
    for (var drift : validation.drift()) {
      grid.row(
          drift.column(),
          drift.psi(),
          drift.ks() == null ? Double.NaN : drift.ks(),
          drift.drifted() ? new Mark("drifted", Tone.BAD) : "");
    }
    validation.drift().stream()
        .limit(SHOWN)
        .forEach(drift -> bars.bar(drift.column(), drift.psi(), Text.number(drift.psi())));
    var section =
        page.section(
                "What has drifted",
                "How far values have moved since the reference. Up to 0.1 is usually taken for nothing, above 0.25 for much.")
            .chart(bars.picture("Stability index"))
            .table(grid);
    for (var drift : validation.drift()) {
      if (drift.drifted()) {
        var parts = new Grid("values", "reference", "now");
        drift
            .parts()
            .forEach(part ->
                parts.row(
                    part.name(), new Grid.Share(part.reference()), new Grid.Share(part.now())));
        section.heading(drift.column()).table(parts.showing(SHOWN));
      }
    }
  }

  private static void columns(Page page, Map<String, Profile> profiles) {
    var grid = new Grid("column", "kind", "missing", "different values", "lowest", "highest");
    profiles.forEach((name, profile) ->
        grid.row(
            name,
            profile.kind().word(),
            new Grid.Share(profile.missing() / (double) profile.rows()),
            profile.distinct(),
            profile.min(),
            profile.max()));
    page.section("The columns", "").table(grid);
  }
}

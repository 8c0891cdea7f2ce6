/// Reports for people: a page of its own with tables and charts, and the charts alone. Nothing in
/// them is loaded from elsewhere; they follow the reader's light or dark scheme and can be printed.
///
/// ```java
/// var page = new Page("Churn", "What the search found in 60 seconds");
/// page.fact("auc", "0.912", "0.5 of a model that looks at no column");
/// page.section("Leaderboard", "Scores on rows that no model had seen.")
///     .table(new Grid("model", "auc").row("LightGBM", 0.912).row("XGBoost", 0.907))
///     .chart(Plot.of("rounds", "auc").line("LightGBM", rounds, scores).picture("Learning curves"));
/// Files.writeString(file, page.html());
/// ```
@NullMarked
package dev.pipewright.tabular.report;

import org.jspecify.annotations.NullMarked;

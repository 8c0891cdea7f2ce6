package dev.pipewright.tabular.report;

/// A chart, for a page or as a file.
///
/// @param title what it shows
/// @param width in pixels, at its natural size
/// @param body its SVG, in the classes of `chart.css`
public record Picture(String title, int width, int height, String body) {
  /// A part of a page, which brings the styles. It shrinks with the page.
  String inline() {
    return """
    <svg class="chart" viewBox="0 0 %d %d" style="max-width:%dpx" role="img" aria-label="%s">
    %s</svg>
    """
        .formatted(width, height, width, Text.escaped(title), body);
  }

  /// A file of its own, with its title.
  public String svg() {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" class="chart alone" viewBox="0 -36 %1$d %2$d" width="%1$d" height="%2$d">
    <style>
    %3$s</style>
    <rect class="paper" x="0" y="-36" width="%1$d" height="%2$d"/>
    <text class="title" x="16" y="-12">%4$s</text>
    %5$s</svg>
    """
        .formatted(width, height + 36, Page.resource("chart.css"), Text.escaped(title), body);
  }
}

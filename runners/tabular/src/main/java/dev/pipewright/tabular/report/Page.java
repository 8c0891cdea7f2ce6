package dev.pipewright.tabular.report;

import dev.pipewright.tabular.report.Grid.Tone;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A page for a reader who was not there: what was done, what came out, what to look at.
public final class Page {
  private final String title;
  private final String subtitle;
  private final StringBuilder facts = new StringBuilder();
  private final List<Section> sections = new ArrayList<>();
  private String verdict = "";

  /// @param subtitle one sentence that says what the page is about
  public Page(String title, String subtitle) {
    this.title = title;
    this.subtitle = subtitle;
  }

  /// What it comes down to, in one sentence at the top.
  public Page verdict(Tone tone, String text) {
    verdict = "<p class=\"verdict %s\">%s</p>\n".formatted(Grid.tone(tone), Text.escaped(text));
    return this;
  }

  /// A number worth a large print at the top.
  ///
  /// @param note what it is to be seen beside; may be empty
  public Page fact(String name, String value, String note) {
    facts.append(
        "<div class=\"fact\"><span>%s</span><b>%s</b><small>%s</small></div>\n"
            .formatted(Text.escaped(name), Text.escaped(value), Text.escaped(note)));
    return this;
  }

  /// Begins a section.
  ///
  /// @param about one or two sentences on how to read it; may be empty
  public Section section(String name, String about) {
    var section = new Section(name, about);
    sections.add(section);
    return section;
  }

  /// What stands under a heading.
  public static final class Section {
    private final String name;
    private final StringBuilder html = new StringBuilder();
    private boolean charts;
    private boolean images;

    private Section(String name, String about) {
      this.name = name;
      if (!about.isEmpty()) {
        html.append("<p class=\"about\">%s</p>\n".formatted(Text.escaped(about)));
      }
    }

    public Section text(String text) {
      return add("<p>%s</p>\n".formatted(Text.escaped(text)));
    }

    /// Text as it is, such as a setting or a log.
    public Section code(String text) {
      return add(
          "<pre>%s</pre>\n"
              .formatted(
                  text.lines()
                      .map(Text::escaped)
                      .reduce("", (a, b) -> a.isEmpty() ? b : a + "\n" + b)));
    }

    /// Something to heed.
    public Section note(Tone tone, String text) {
      return add("<p class=\"note %s\">%s</p>\n".formatted(Grid.tone(tone), Text.escaped(text)));
    }

    public Section heading(String text) {
      return add("<h3>%s</h3>\n".formatted(Text.escaped(text)));
    }

    public Section table(Grid grid) {
      return grid.isEmpty() ? this : add(grid.html());
    }

    /// Charts that follow each other stand side by side where there is room.
    public Section chart(@Nullable Picture picture) {
      if (picture == null) {
        return this;
      }
      if (!charts) {
        var unused = add("<div class=\"charts\">\n");
        charts = true;
      }
      html.append(
          "<figure class=\"%s\"><figcaption>%s</figcaption>\n%s</figure>\n"
              .formatted(
                  picture.width() > 540 ? "wide" : "half",
                  Text.escaped(picture.title()),
                  picture.inline()));
      return this;
    }

    /// Small pictures that follow each other stand side by side.
    ///
    /// @param png the file's bytes
    /// @param name what the picture is of, shown when it is pointed at
    public Section image(byte[] png, String name, String note) {
      if (!images) {
        var unused = add("<div class=\"images\">\n");
        images = true;
      }
      html.append(
          "<figure><img src=\"data:image/png;base64,%s\" alt=\"%s\" title=\"%s\"/><figcaption>%s</figcaption></figure>\n"
              .formatted(
                  Base64.getEncoder().encodeToString(png),
                  Text.escaped(name),
                  Text.escaped(name),
                  Text.escaped(note)));
      return this;
    }

    private Section add(String more) {
      if (charts || images) {
        html.append("</div>\n");
        charts = false;
        images = false;
      }
      html.append(more);
      return this;
    }
  }

  public String html() {
    var links = new StringBuilder();
    var body = new StringBuilder();
    for (int i = 0; i < sections.size(); i++) {
      var section = sections.get(i);
      links.append("<a href=\"#s%d\">%s</a>\n".formatted(i + 1, Text.escaped(section.name)));
      body.append(
          "<section id=\"s%d\">\n<h2>%s</h2>\n%s</section>\n"
              .formatted(i + 1, Text.escaped(section.name), section.add("").html));
    }
    return """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>%1$s</title>
    <style>
    %2$s%3$s</style>
    </head>
    <body>
    <header>
    <h1>%1$s</h1>
    <p>%4$s</p>
    %5$s%6$s</header>
    <nav>
    %7$s</nav>
    <main>
    %8$s</main>
    <footer>Written by Pipewright</footer>
    </body>
    </html>
    """
        .formatted(
            Text.escaped(title),
            resource("page.css"),
            resource("chart.css"),
            Text.escaped(subtitle),
            verdict,
            facts.isEmpty() ? "" : "<div class=\"facts\">\n" + facts + "</div>\n",
            links,
            body);
  }

  public void write(Path file) throws IOException {
    Files.writeString(file, html());
  }

  static String resource(String name) {
    try (var in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + name + " is not there");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.pipewright.language;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/// Whatever the text, checking it ends with an answer, and an invalid document has at least one
/// error.
class NeverThrowsTest {
  private static final String DOCUMENT =
      """
      name: x
      params:
        x: { type: double, default: 0.5 }
        data: { type: dataset }
      tasks:
        split:
          uses: pipewright/split@v1
          with: { data: "${{ params.data }}", target: y, test: "${{ params.x * 2.0 }}" }
          retry: { limit: 2, backoff: 10s }
        b-b:
          command: [x, "y"]
          when: "${{ tasks.split.outputs.train.size > 1 && has(tasks.split.outputs.test) }}"
          inputs: { a: "t ${{ params.x }}", b: [1, { c: "${{ tasks.split.outputs.test }}" }] }
          outputs: { page: { type: artifact, path: a/b } }
      """;

  private static final String EVERY_KEY = Corpus.read("every-key.yaml");

  private static final List<String> SPLINTERS =
      List.of(
          "${{",
          "}}",
          "{",
          "}",
          "[",
          "]",
          "\"",
          "'",
          ":",
          "\n",
          "\t",
          "  ",
          "-",
          "&a ",
          "*a ",
          "!!x ",
          "|\n",
          ">",
          "#",
          "%",
          "\u0000",
          "\uD800",
          "\uFEFF",
          "\u2028",
          "null",
          "~",
          "tasks.",
          "params.",
          ".outputs",
          "has(",
          ")",
          "? :",
          "<<: ",
          "0x",
          "1e999",
          ".inf",
          "\\",
          "name",
          "needs: [b-b]",
          "matrix.",
          "loop.outputs.",
          "run.",
          "failure.",
          "else: ask",
          "matrix: {a: [1]}",
          "trigger: any-succeeded",
          "finally:",
          "---\n",
          "...\n");

  @Property(tries = 300, shrinking = ShrinkingMode.OFF)
  void on_any_text(@ForAll String text) {
    answers(text);
  }

  @Property(tries = 1500, shrinking = ShrinkingMode.BOUNDED)
  void on_a_damaged_document(@ForAll("damaged") String text) {
    answers(text);
  }

  @Property(tries = 1500, shrinking = ShrinkingMode.BOUNDED)
  void on_a_damaged_document_with_every_key(@ForAll("damagedEveryKey") String text) {
    answers(text);
  }

  /// A line of it gone, doubled, or swapped with another.
  @Property(tries = 1000, shrinking = ShrinkingMode.BOUNDED)
  void on_lines_of_every_key(
      @ForAll @IntRange(max = 150) int from,
      @ForAll @IntRange(max = 150) int to,
      @ForAll boolean gone) {
    var lines = new ArrayList<>(EVERY_KEY.lines().toList());
    var line = lines.get(from % lines.size());
    if (gone) {
      lines.remove(from % lines.size());
    } else {
      lines.add(to % lines.size(), line);
    }
    answers(String.join("\n", lines));
  }

  @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED)
  void on_any_expression(@ForAll("expressions") String expression) {
    answers(
        "name: x\ntasks:\n  a:\n    command: [x]\n    when: |\n      ${{ "
            + expression.replace("\n", " ")
            + " }}\n");
  }

  private static void answers(String text) {
    switch (PipelineLanguage.check(text, EveryKeyTest.CALLS)) {
      case Checked.Valid(var spec) -> assertThat(spec.tasks()).isNotEmpty();
      case Checked.Invalid(var errors) -> assertThat(errors).isNotEmpty();
    }
  }

  @Provide
  Arbitrary<String> damaged() {
    return damaged(DOCUMENT);
  }

  @Provide
  Arbitrary<String> damagedEveryKey() {
    return damaged(EVERY_KEY);
  }

  private static Arbitrary<String> damaged(String document) {
    var at = Arbitraries.integers().between(0, document.length());
    var length = Arbitraries.integers().between(0, 30);
    var splinter =
        Arbitraries.oneOf(Arbitraries.of(SPLINTERS), Arbitraries.strings().ofMaxLength(3));
    return net.jqwik.api.Combinators.combine(at, length, splinter, at, splinter)
        .as((from, cut, what, also, more) -> {
          var text = new StringBuilder(document);
          text.replace(from, Math.min(text.length(), from + cut), what);
          text.insert(Math.min(also, text.length()), more);
          return text.toString();
        });
  }

  @Provide
  Arbitrary<String> expressions() {
    return Arbitraries.of(SPLINTERS).list().ofMaxSize(12).map(parts -> String.join(" ", parts));
  }
}

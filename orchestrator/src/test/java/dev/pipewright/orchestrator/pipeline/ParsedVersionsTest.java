package dev.pipewright.orchestrator.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineLookup;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ParsedVersionsTest {
  private static final PipelineSpec SMALL = of(5);
  private static final PipelineSpec LARGE = of(500);

  private final ParsedVersions versions = new ParsedVersions(300);

  @Test
  void whatIsKeptIsBoundedByTasks() {
    for (int number = 1; number <= 1_000; number++) {
      put(number, SMALL);
    }
    assertThat(kept(1_000)).isBetween(1L, 300L / SMALL.tasks().size());
  }

  /// It is in use for as long as its run goes on, whatever else is used meanwhile.
  @Test
  void oneThatIsLargerThanAllIsKeptBesideSmallOnes() {
    int parsed = 0;
    for (int step = 0; step < 200; step++) {
      if (versions.get(key(0)) == null) {
        parsed++;
        put(0, LARGE);
      }
      int other = 1 + step % 4;
      if (versions.get(key(other)) == null) {
        put(other, SMALL);
      }
    }
    assertThat(parsed).isEqualTo(1);
  }

  private long kept(int most) {
    return IntStream.rangeClosed(1, most)
        .filter(number -> versions.get(key(number)) != null)
        .count();
  }

  private void put(int number, PipelineSpec spec) {
    versions.put(
        key(number),
        new StoredVersion(
            "many",
            number,
            "digest",
            "source",
            spec,
            new PipelineLookup.Signature("many", number, Map.of(), Map.of(), 0),
            List.of(),
            Instant.EPOCH));
  }

  private static PipelineVersionRow.Key key(int number) {
    return new PipelineVersionRow.Key("many", number);
  }

  private static PipelineSpec of(int tasks) {
    var text = new StringBuilder("name: many\ntasks:\n");
    for (int i = 0; i < tasks; i++) {
      text.append("  t").append(i).append(": { command: [\"true\"] }\n");
    }
    return PipelineLanguage.require(text.toString());
  }
}

package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MasksTest {
  @Test
  void aSecretIsTakenOutWhereverItStands() {
    var masks = Masks.of(List.of("s3cret"));
    assertThat(masks.apply("a s3cret, and s3crets3cret")).isEqualTo("a ***, and ******");
    assertThat(masks.apply("nothing")).isEqualTo("nothing");
  }

  @Test
  void theLongerOneFirst() {
    assertThat(Masks.of(List.of("abc", "abcdef")).apply("abcdef abc")).isEqualTo("*** ***");
  }

  @Test
  void eachLineOfOneWithSeveral() {
    var masks = Masks.of(List.of("-----BEGIN KEY-----\n  MIIEvQIBADAN\n}\n"));
    assertThat(masks.apply("  MIIEvQIBADAN")).isEqualTo("  ***");
    assertThat(masks.apply("a bracket } stays")).isEqualTo("a bracket } stays");
  }

  @Test
  void anEmptyOneTakesNothingOut() {
    assertThat(Masks.of(List.of("", " ")).apply("a b")).isEqualTo("a b");
  }

  @Test
  void aLineIsNeverCutWithinASecret() {
    var masks = Masks.of(List.of("s3cret"));
    for (int start = 0; start <= 14; start++) {
      var text = "x".repeat(start) + "s3cret" + "y".repeat(14 - start);
      var line = text.getBytes(StandardCharsets.UTF_8);
      int cut = masks.cut(line, line.length);
      assertThat(cut).isPositive();
      assertThat(masks.apply(text.substring(0, cut)) + masks.apply(text.substring(cut)))
          .as("cut at %d of %s", cut, text)
          .isEqualTo("x".repeat(start) + "***" + "y".repeat(14 - start));
    }
  }

  @Test
  void withoutSecretsALineIsCutWhereItEnds() {
    assertThat(Masks.NONE.cut(new byte[10], 10)).isEqualTo(10);
  }
}

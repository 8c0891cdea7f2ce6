package dev.pipewright.deep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Json;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class BpeTest {
  private static final Bpe TRAINED = trained("the cat and the hat, the rat and the bat\n", 300);

  private static Bpe trained(String text, int size) {
    var counts = new Bpe.Counts();
    counts.add(text);
    return Bpe.train(counts, size);
  }

  private static String back(Bpe bpe, String text) {
    return bpe.decode(Arrays.stream(bpe.encode(text)).boxed().toList());
  }

  /// Half of a pair of characters is no text.
  private static String whole(String text) {
    return text.codePoints()
        .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  @Property(tries = 300)
  void whateverTheTextItComesBack(@ForAll @StringLength(max = 200) String text) {
    assertThat(back(TRAINED, whole(text))).isEqualTo(whole(text));
  }

  @Property(tries = 50)
  void alsoWhenItWasTrainedOnIt(@ForAll @StringLength(max = 200) String text) {
    assertThat(back(trained(whole(text).repeat(2), 400), whole(text))).isEqualTo(whole(text));
  }

  @Test
  void frequentPairsBecomeTokens() {
    assertThat(TRAINED.encode(" the")).hasSize(1);
    assertThat(TRAINED.encode(" xyz")).hasSize(4);
    assertThat(TRAINED.encode("the cat and the hat").length).isLessThan(12);
  }

  @Test
  void thereAreNoMoreThanWereAskedForAndNonePointless() {
    assertThat(trained("abababab cdcdcd ab", 260).size()).isEqualTo(260);
    assertThat(trained("ab", 1000).size()).isEqualTo(257);
    assertThat(trained("", 1000).size()).isEqualTo(257);
  }

  @Test
  void theSameTextGivesTheSameTokens() {
    assertThat(trained("one two three two one", 280).merges())
        .isDeepEqualTo(trained("one two three two one", 280).merges());
  }

  @Test
  void itIsTheSameAfterItWasSaved() throws IOException {
    var read = Json.MAPPER.readValue(Json.MAPPER.writeValueAsString(TRAINED), Bpe.class);
    assertThat(read.encode("the hat and über ✓")).isEqualTo(TRAINED.encode("the hat and über ✓"));
  }
}

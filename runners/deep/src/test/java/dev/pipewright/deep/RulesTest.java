package dev.pipewright.deep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RulesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "CONSTANT, 0, 0, 1",
    "CONSTANT, 99, 0, 1",
    "CONSTANT, 0, 0.1, 0.0909",
    "CONSTANT, 9, 0.1, 0.9091",
    "CONSTANT, 10, 0.1, 1",
    "COSINE, 0, 0, 1",
    "COSINE, 50, 0, 0.505",
    "COSINE, 100, 0, 0.01",
    "COSINE, 55, 0.1, 0.505",
    "STEP, 59, 0, 1",
    "STEP, 60, 0, 0.1",
    "STEP, 85, 0, 0.01",
    "ONE_CYCLE, 0, 0, 0.04",
    "ONE_CYCLE, 30, 0, 1",
    "ONE_CYCLE, 15, 0, 0.52",
    "ONE_CYCLE, 100, 0, 0.000004",
  })
  void theLearningRateGoesAsTheScheduleSays(
      Schedule schedule, long step, double warmup, double share) {
    assertThat(schedule.at(step, 100, warmup)).isCloseTo(share, within(1e-4));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 0.6309", "3, 0.5", "10, 0.2891", "11, 0"})
  void theGainFallsWithTheRank(int rank, double gain) {
    assertThat(Ranking.ndcg(rank, 10)).isCloseTo(gain, within(1e-4));
  }

  @Test
  void ofEqualScoresTheRightOneIsTheLast() {
    var scores = new float[] {9, 9, 3, 5, 3, 1};
    assertThat(Ranking.rank(scores, 1, 5, 0)).isEqualTo(1);
    assertThat(Ranking.rank(scores, 1, 5, 2)).isEqualTo(2);
    assertThat(Ranking.rank(scores, 1, 5, 1)).isEqualTo(4);
    assertThat(Ranking.rank(scores, 1, 5, 4)).isEqualTo(5);
  }

  @Test
  void classesAreInNaturalOrderWhateverTheyAre() {
    assertThat(List.of("b", "10", "1x", "9", "a", "9.0", "-3").stream().sorted(Goal::natural))
        .containsExactly("-3", "9", "9.0", "10", "1x", "a", "b");
  }

  @Test
  void everyEpochHasAnOrderOfItsOwnThatIsTheSameAgain() {
    var one = Order.shuffled(100, 7, 0);
    assertThat(one).isEqualTo(Order.shuffled(100, 7, 0));
    assertThat(one).isNotEqualTo(Order.shuffled(100, 7, 1));
    assertThat(one).isNotEqualTo(Order.shuffled(100, 8, 0));
    assertThat(Arrays.stream(one).sorted().toArray()).isEqualTo(IntStream.range(0, 100).toArray());
  }

  @Test
  void theRateIsFoundWhereTheLossFallsTheMost() {
    var rates = List.of(1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0);
    assertThat(RateFinder.steepest(rates, List.of(3.0, 3.0, 3.0, 2.5, 1.0, 0.5, 4.0), 0.5))
        .isEqualTo(1e-2);
    assertThat(RateFinder.steepest(rates, List.of(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 0.5))
        .isEqualTo(0.5);
  }

  @ParameterizedTest
  @CsvSource({"0", "0.0001"})
  void coldTheLikeliestIsWritten(double temperature) {
    var logits = new float[] {99, 1, 2, 1};
    assertThat(Predictor.choose(logits, temperature, new Random(1))).isEqualTo(2);
  }

  @Test
  void warmOthersAreWrittenTooAsOftenAsTheyAreLikely() {
    var counts = new int[4];
    var random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      counts[Predictor.choose(new float[] {99, 0, (float) Math.log(2), 0}, 1, random)]++;
    }
    assertThat(counts[0]).isZero();
    assertThat(counts[2] / 10_000.0).isCloseTo(0.5, within(0.03));
  }

  private static SafeTensors.Tensor tensor(float... values) {
    var data = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    return new SafeTensors.Tensor(new long[] {values.length}, data.flip());
  }

  @Test
  void arraysAreReadAsTheyWereWritten() throws IOException {
    var file = folder.resolve("a.safetensors");
    var tensors = Map.of("one", tensor(1, -2.5f), "none", tensor(), "nan", tensor(Float.NaN));
    new SafeTensors(tensors, Map.of("ü", "ö\n")).write(file);
    var read = SafeTensors.read(file);
    assertThat(read.metadata()).isEqualTo(Map.of("ü", "ö\n"));
    assertThat(read.tensors().keySet()).isEqualTo(tensors.keySet());
    tensors.forEach((name, tensor) -> {
      assertThat(read.tensors().get(name).shape()).isEqualTo(tensor.shape());
      assertThat(read.tensors().get(name).data()).isEqualTo(tensor.data());
    });
    assertThat(folder.toFile().list()).containsExactly("a.safetensors");
  }

  @ParameterizedTest
  @CsvSource({"0", "4", "12", "60"})
  void aFileThatIsCutOffIsRefused(int length) throws IOException {
    var file = folder.resolve("a.safetensors");
    new SafeTensors(Map.of("one", tensor(1, 2, 3)), Map.of()).write(file);
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
    assertThatThrownBy(() -> SafeTensors.read(file))
        .isInstanceOfSatisfying(
            ProblemException.class,
            e -> assertThat(e.problem().code()).isEqualTo("MODEL_UNREADABLE"));
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 00c0003e, '-2, 1.5'",
    "BF16, 00c0c03f, '-2, 1.5'",
    "F32, 000000c00000c03f, '-2, 1.5'",
    "F64, 00000000000000c0000000000000f83f, '-2, 1.5'",
    "I64, 00000000000000000000000000000000, ''",
  })
  void floatsOfOtherLengthsAreReadAndWhatIsNoneIsLeftOut(String type, String bytes, String values)
      throws Exception {
    var data = HexFormat.of().parseHex(bytes);
    var header =
        "{\"a\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,%d]}}"
            .formatted(type, data.length)
            .getBytes(StandardCharsets.UTF_8);
    var file = folder.resolve("theirs.safetensors");
    Files.write(
        file,
        ByteBuffer.allocate(8 + header.length + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .put(data)
            .array());
    var read = SafeTensors.read(file).tensors();
    if (values == null || values.isEmpty()) {
      assertThat(read).isEmpty();
      return;
    }
    var floats = new float[2];
    read.get("a").data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    assertThat(floats).containsExactly(-2f, 1.5f);
  }
}

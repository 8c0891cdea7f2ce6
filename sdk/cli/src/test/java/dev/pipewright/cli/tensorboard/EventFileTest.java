package dev.pipewright.cli.tensorboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.pipewright.cli.tensorboard.EventFile.Image;
import dev.pipewright.cli.tensorboard.EventFile.Outcome;
import dev.pipewright.cli.tensorboard.EventFile.Scalar;
import dev.pipewright.cli.tensorboard.wire.Event;
import dev.pipewright.cli.tensorboard.wire.Summary;
import dev.pipewright.cli.tensorboard.wire.SummaryMetadata;
import dev.pipewright.cli.tensorboard.wire.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventFileTest {
  private final List<Scalar> scalars = new ArrayList<>();
  private final List<Image> images = new ArrayList<>();

  @Test
  void readsWhatTheOlderWritersPut() throws IOException {
    var outcome =
        read(
            file(
                Event.newBuilder().setWallTime(5).setFileVersion("brain.Event:2").build(),
                scalar("loss", 7, 0.5f),
                scalar("loss", 8, Float.NaN),
                event(
                    8,
                    Summary.Value.newBuilder()
                        .setTag("sample")
                        .setImage(
                            Summary.Image.newBuilder()
                                .setEncodedImageString(ByteString.copyFromUtf8("PNG"))))));
    assertThat(scalars)
        .containsExactly(new Scalar("loss", 7, 9500, 0.5), new Scalar("loss", 8, 9500, Double.NaN));
    assertThat(images)
        .containsExactly(new Image("sample", 8, 9500, 0, ByteString.copyFromUtf8("PNG")));
    assertThat(outcome).isEqualTo(new Outcome(-1, List.of(), outcome.others(), 5000, 9500));
    assertThat(outcome.others()).isEmpty();
  }

  @Test
  void readsWhatTensorflow2Puts() throws IOException {
    var pictures =
        Tensor.newBuilder()
            .setDtype(Tensor.Type.STRING)
            .addStringVal(text("2"))
            .addStringVal(text("3"));
    var outcome =
        read(
            file(
                event(1, tensor("loss", "scalars", number(0.5f))),
                // A tag's kind may be said only once.
                event(2, tensor("loss", "", number(0.25f))),
                event(
                    3,
                    tensor(
                        "x",
                        "images",
                        pictures.addStringVal(text("one")).addStringVal(text("two")).build())),
                event(4, tensor("weights", "histograms", number(1))),
                event(5, Summary.Value.newBuilder().setTag("old").setHistogram(text("h")))));
    assertThat(scalars)
        .containsExactly(new Scalar("loss", 1, 9500, 0.5), new Scalar("loss", 2, 9500, 0.25));
    assertThat(images)
        .containsExactly(
            new Image("x", 3, 9500, 0, text("one")), new Image("x", 3, 9500, 1, text("two")));
    assertThat(outcome.others()).isEqualTo(Map.of("histograms", 2));
  }

  /// Files that TensorBoard's own writer and a PyTorch-like one wrote, of made-up numbers.
  @Test
  void readsFilesOfOtherWriters() throws IOException {
    try (var newer = EventFileTest.class.getResourceAsStream("/tensorboard/newer")) {
      assertThat(read(newer.readAllBytes()).others()).isEmpty();
    }
    assertThat(scalars).hasSize(20).allMatch(scalar -> scalar.tag().equals("loss"));
    assertThat(scalars.get(3)).isEqualTo(new Scalar("loss", 3, 1_700_000_003_000L, 0.5));
    scalars.clear();
    try (var older = EventFileTest.class.getResourceAsStream("/tensorboard/older")) {
      assertThat(read(older.readAllBytes()).others()).isEqualTo(Map.of("histograms", 1, "text", 1));
    }
    assertThat(scalars).extracting(Scalar::tag).contains("Loss/train", "acc_5").hasSize(42);
    assertThat(scalars.getLast()).extracting(Scalar::value).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(images).singleElement().extracting(Image::tag, Image::step).contains("sample", 3L);
  }

  /// Values in the list of their type: type, field number and value as text.
  @ParameterizedTest
  @CsvSource({
    "FLOAT, 0000c03f, 1.5",
    "DOUBLE, 000000000000f83f, 1.5",
    "HALF, 003e, 1.5",
    "BFLOAT16, c03f, 1.5",
    "INT8, fe, -2",
    "UINT8, fe, 254",
    "INT16, feff, -2",
    "UINT16, feff, 65534",
    "INT32, feffffff, -2",
    "UINT32, feffffff, 4294967294",
    "INT64, feffffffffffffff, -2",
    "UINT64, 0000000000000080, 9223372036854775808",
    "BOOL, 01, 1",
  })
  void readsANumberOfEveryType(Tensor.Type type, String content, double value) {
    var bytes = HexFormat.of().parseHex(content);
    var packed = Tensor.newBuilder().setDtype(type).setTensorContent(ByteString.copyFrom(bytes));
    assertThat(TensorNumber.of(packed.build())).hasValue(value);
    var twice = packed.build().getTensorContent().concat(packed.getTensorContent());
    assertThat(TensorNumber.of(packed.setTensorContent(twice).build())).isEmpty();

    var wide = ByteBuffer.wrap(Arrays.copyOf(bytes, 8)).order(ByteOrder.LITTLE_ENDIAN);
    long bits = wide.getLong(0);
    var listed = Tensor.newBuilder().setDtype(type);
    switch (type) {
      case FLOAT -> listed.addFloatVal(1.5f);
      case DOUBLE -> listed.addDoubleVal(1.5);
      case HALF, BFLOAT16 -> listed.addHalfVal((int) bits);
      case BOOL -> listed.addBoolVal(true);
      case UINT32 -> listed.addUint32Val((int) bits);
      case INT64 -> listed.addInt64Val(bits);
      case UINT64 -> listed.addUint64Val(bits);
      case INT8, UINT8, INT16, UINT16, INT32, STRING, INVALID, UNRECOGNIZED ->
          listed.addIntVal((int) value);
    }
    assertThat(TensorNumber.of(listed.build())).hasValue(value);
  }

  @Test
  void takesAllBeforeTheEndOfAFileThatIsCutOff() throws IOException {
    var first = file(scalar("loss", 1, 1));
    var whole = file(scalar("loss", 1, 1), scalar("loss", 2, 2));
    for (int length = first.length + 1; length < whole.length; length++) {
      scalars.clear();
      var outcome = read(Arrays.copyOf(whole, length));
      assertThat(outcome.cutOff()).as("cut at " + length).isEqualTo(first.length);
      assertThat(outcome.damages()).isEmpty();
      assertThat(scalars).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 8, 11})
  void saysWhereALengthIsDamaged(int place) throws IOException {
    var first = file(scalar("loss", 1, 1));
    var damaged = file(scalar("loss", 1, 1), scalar("loss", 2, 2), scalar("loss", 3, 3));
    damaged[first.length + place] ^= 0x40;
    assertThat(read(damaged).damages())
        .containsExactly(
            "at byte " + first.length + ", the length of a record does not have its checksum");
    assertThat(scalars).extracting(Scalar::step).containsExactly(1L);
  }

  @Test
  void leavesOutOnlyTheRecordThatIsDamaged() throws IOException {
    var first = file(scalar("loss", 1, 1));
    var damaged = file(scalar("loss", 1, 1), scalar("loss", 2, 2), scalar("loss", 3, 3));
    damaged[first.length + 14] ^= 0x40;
    assertThat(read(damaged).damages())
        .containsExactly(
            "at byte " + first.length + ", the content of a record does not have its checksum");
    assertThat(scalars).extracting(Scalar::step).containsExactly(1L, 3L);
  }

  @Test
  void passesByARecordThatIsTooLarge() throws IOException {
    var out = new ByteArrayOutputStream();
    record(out, new byte[(32 << 20) + 1]);
    out.write(file(scalar("loss", 3, 3)));
    assertThat(read(out.toByteArray()).damages())
        .containsExactly("at byte 0, a record of 33554433 bytes is too large");
    assertThat(scalars).extracting(Scalar::step).containsExactly(3L);
  }

  @Test
  void readsAnEmptyFile() throws IOException {
    assertThat(read(new byte[0]).cutOff()).isEqualTo(-1);
    assertThat(EventFile.start(new ByteArrayInputStream(new byte[0]))).isZero();
    assertThat(EventFile.start(new ByteArrayInputStream(file(scalar("a", 1, 1))))).isEqualTo(9500);
  }

  private Outcome read(byte[] file) throws IOException {
    return EventFile.read(
        new ByteArrayInputStream(file),
        new EventFile.Taker<RuntimeException>() {
          @Override
          public void scalar(Scalar scalar) {
            scalars.add(scalar);
          }

          @Override
          public void image(Image image) {
            images.add(image);
          }
        });
  }

  private static Event scalar(String tag, long step, float value) {
    return event(step, Summary.Value.newBuilder().setTag(tag).setSimpleValue(value));
  }

  private static Event event(long step, Summary.Value.Builder value) {
    return Event.newBuilder()
        .setWallTime(9.5)
        .setStep(step)
        .setSummary(Summary.newBuilder().addValue(value))
        .build();
  }

  private static Summary.Value.Builder tensor(String tag, String plugin, Tensor tensor) {
    var value = Summary.Value.newBuilder().setTag(tag).setTensor(tensor);
    return plugin.isEmpty()
        ? value
        : value.setMetadata(
            SummaryMetadata.newBuilder()
                .setPluginData(SummaryMetadata.PluginData.newBuilder().setPluginName(plugin)));
  }

  private static Tensor number(float value) {
    return Tensor.newBuilder().setDtype(Tensor.Type.FLOAT).addFloatVal(value).build();
  }

  private static ByteString text(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static byte[] file(Event... events) throws IOException {
    var out = new ByteArrayOutputStream();
    for (var event : events) {
      record(out, event.toByteArray());
    }
    return out.toByteArray();
  }

  private static void record(ByteArrayOutputStream out, byte[] content) throws IOException {
    var length = new byte[8];
    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putLong(content.length);
    out.write(length);
    checksum(out, length);
    out.write(content);
    checksum(out, content);
  }

  private static void checksum(ByteArrayOutputStream out, byte[] of) throws IOException {
    out.write(
        ByteBuffer.allocate(4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(TfRecords.masked(of, of.length))
            .array());
  }
}

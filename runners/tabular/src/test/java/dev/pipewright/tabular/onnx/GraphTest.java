package dev.pipewright.tabular.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dev.pipewright.tabular.onnx.Graph.Op;
import dev.pipewright.tabular.onnx.Graph.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads what is written field by field. That the graphs compute what they should is seen by
/// clients/models.py, with ONNX Runtime.
class GraphTest {
  @TempDir Path folder;

  private static UnknownFieldSet message(UnknownFieldSet in, int field, int index)
      throws InvalidProtocolBufferException {
    return UnknownFieldSet.parseFrom(in.getField(field).getLengthDelimitedList().get(index));
  }

  private static List<String> texts(UnknownFieldSet in, int field) {
    return in.getField(field).getLengthDelimitedList().stream()
        .map(ByteString::toStringUtf8)
        .toList();
  }

  private static long whole(UnknownFieldSet in, int field) {
    return in.getField(field).getVarintList().getFirst();
  }

  @Test
  void aGraphIsInTheFormatsOwnFields() throws Exception {
    var graph = new Graph("small");
    var x = graph.column("größe", Type.DOUBLE);
    var scaled = graph.op("Mul", x, graph.exact(2.5));
    graph.output("y", graph.op(new Op("Softmax").set("axis", 1), scaled), Type.DOUBLE, "rows", 1);
    graph.write(folder);

    var model = UnknownFieldSet.parseFrom(Files.readAllBytes(folder.resolve(Graph.FILE)));
    assertThat(whole(model, 1)).isEqualTo(8); // of the format
    assertThat(texts(model, 2)).containsExactly("pipewright");
    assertThat(whole(message(model, 8, 0), 2)).isEqualTo(17); // of the operations
    assertThat(texts(message(model, 8, 1), 1)).containsExactly("ai.onnx.ml");
    var written = message(model, 7, 0);
    assertThat(texts(written, 2)).containsExactly("small");
    var types = written.getField(1).getLengthDelimitedList().size();
    assertThat(types).isEqualTo(4);
    var product = message(written, 1, 1);
    assertThat(texts(product, 4)).containsExactly("Mul");
    assertThat(texts(product, 1))
        .hasSize(2)
        .startsWith(texts(message(written, 1, 0), 2).getFirst());
    var axis = message(message(written, 1, 2), 5, 0);
    assertThat(texts(axis, 1)).containsExactly("axis");
    assertThat(whole(axis, 3)).isEqualTo(1);
    assertThat(whole(axis, 20)).isEqualTo(2); // a whole number
    var factor = message(written, 5, 1);
    assertThat(whole(factor, 2)).isEqualTo(11); // doubles
    assertThat(
            factor
                .getField(9)
                .getLengthDelimitedList()
                .getFirst()
                .asReadOnlyByteBuffer()
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getDouble())
        .isEqualTo(2.5);
    assertThat(texts(message(written, 11, 0), 1)).containsExactly("größe");
    assertThat(texts(message(written, 12, 0), 1)).containsExactly("y");
  }
}

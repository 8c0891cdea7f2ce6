package dev.pipewright.tabular.onnx;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// One protobuf message being written, field by field. ONNX needs so few of them that generated
/// classes would be the larger part.
final class Proto {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

  private interface Write {
    void to(CodedOutputStream out) throws IOException;
  }

  private Proto write(Write write) {
    try {
      write.to(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // into memory: never
    }
    return this;
  }

  Proto whole(int field, long value) {
    return write(to -> to.writeInt64(field, value));
  }

  Proto real(int field, float value) {
    return write(to -> to.writeFloat(field, value));
  }

  Proto text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  Proto bytes(int field, byte[] value) {
    return write(to -> to.writeByteArray(field, value));
  }

  Proto message(int field, Proto message) {
    return bytes(field, message.written());
  }

  Proto wholes(int field, long... values) {
    var packed = new Proto();
    for (long value : values) {
      packed.write(to -> to.writeInt64NoTag(value));
    }
    return message(field, packed);
  }

  Proto reals(int field, float... values) {
    var packed = new Proto();
    for (float value : values) {
      packed.write(to -> to.writeFloatNoTag(value));
    }
    return message(field, packed);
  }

  Proto texts(int field, List<String> texts) {
    texts.forEach(each -> text(field, each));
    return this;
  }

  byte[] written() {
    write(CodedOutputStream::flush);
    return bytes.toByteArray();
  }
}

package dev.pipewright.cli.tensorboard;

import com.google.protobuf.ByteString;
import dev.pipewright.cli.tensorboard.wire.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalDouble;

/// The number of a tensor that holds a single one.
final class TensorNumber {
  private TensorNumber() {}

  /// Empty when the tensor holds several, or none.
  static OptionalDouble of(Tensor tensor) {
    for (var dimension : tensor.getTensorShape().getDimList()) {
      if (dimension.getSize() != 1) {
        return OptionalDouble.empty();
      }
    }
    var content = tensor.getTensorContent();
    return content.isEmpty() ? listed(tensor) : packed(tensor.getDtype(), content);
  }

  private static OptionalDouble listed(Tensor tensor) {
    return switch (tensor.getDtype()) {
      case FLOAT -> OptionalDouble.of(first(tensor.getFloatValList()).doubleValue());
      case DOUBLE -> OptionalDouble.of(first(tensor.getDoubleValList()).doubleValue());
      case INT8, UINT8, INT16, UINT16, INT32 ->
          OptionalDouble.of(first(tensor.getIntValList()).doubleValue());
      case UINT32 ->
          OptionalDouble.of(Integer.toUnsignedLong(first(tensor.getUint32ValList()).intValue()));
      case INT64 -> OptionalDouble.of(first(tensor.getInt64ValList()).doubleValue());
      case UINT64 -> OptionalDouble.of(unsigned(first(tensor.getUint64ValList()).longValue()));
      case HALF -> OptionalDouble.of(half(first(tensor.getHalfValList()).intValue()));
      case BFLOAT16 -> OptionalDouble.of(bfloat(first(tensor.getHalfValList()).intValue()));
      case BOOL -> OptionalDouble.of(tensor.getBoolValCount() > 0 && tensor.getBoolVal(0) ? 1 : 0);
      case STRING, INVALID, UNRECOGNIZED -> OptionalDouble.empty();
    };
  }

  /// Writers leave out zeros.
  private static Number first(List<? extends Number> values) {
    return values.isEmpty() ? 0 : values.getFirst();
  }

  private static OptionalDouble packed(Tensor.Type type, ByteString content) {
    int size =
        switch (type) {
          case INT8, UINT8, BOOL -> 1;
          case INT16, UINT16, HALF, BFLOAT16 -> 2;
          case FLOAT, INT32, UINT32 -> 4;
          case DOUBLE, INT64, UINT64 -> 8;
          case STRING, INVALID, UNRECOGNIZED -> -1;
        };
    if (content.size() != size) {
      return OptionalDouble.empty();
    }
    var bytes = ByteBuffer.wrap(content.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    return switch (type) {
      case FLOAT -> OptionalDouble.of(bytes.getFloat());
      case DOUBLE -> OptionalDouble.of(bytes.getDouble());
      case INT8 -> OptionalDouble.of(bytes.get());
      case UINT8, BOOL -> OptionalDouble.of(Byte.toUnsignedInt(bytes.get()));
      case INT16 -> OptionalDouble.of(bytes.getShort());
      case UINT16 -> OptionalDouble.of(Short.toUnsignedInt(bytes.getShort()));
      case INT32 -> OptionalDouble.of(bytes.getInt());
      case UINT32 -> OptionalDouble.of(Integer.toUnsignedLong(bytes.getInt()));
      case INT64 -> OptionalDouble.of(bytes.getLong());
      case UINT64 -> OptionalDouble.of(unsigned(bytes.getLong()));
      case HALF -> OptionalDouble.of(half(bytes.getShort()));
      case BFLOAT16 -> OptionalDouble.of(bfloat(bytes.getShort()));
      case STRING, INVALID, UNRECOGNIZED -> OptionalDouble.empty();
    };
  }

  private static double half(int bits) {
    return Float.float16ToFloat((short) bits);
  }

  /// The upper half of a float.
  private static double bfloat(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : (bits >>> 1) * 2.0;
  }
}

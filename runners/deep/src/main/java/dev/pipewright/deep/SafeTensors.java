package dev.pipewright.deep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/// Arrays of 32-bit floats by name, and texts beside them, in a file of the safetensors format: the
/// header's length (8 bytes, little endian), a JSON header that says where each array lies, then
/// the arrays. Python reads it with the `safetensors` package. Of files that others wrote, floats
/// of other lengths become ones of 32 bits, and arrays that are not of floats are left out.
///
/// @param tensors in the order in which they are written
/// @param metadata such as where a training stood
record SafeTensors(Map<String, Tensor> tensors, Map<String, String> metadata) {
  private static final int LONGEST_HEADER = 100_000_000;
  private static final String METADATA = "__metadata__";

  /// @param shape each side
  /// @param data little endian, position to limit
  record Tensor(long[] shape, ByteBuffer data) {
    long size() {
      long size = 1;
      for (long side : shape) {
        size *= side;
      }
      return size;
    }
  }

  /// Writes the file in one go: after a crash it is there as it was before, or whole.
  void write(Path file) throws IOException {
    var header = Json.MAPPER.createObjectNode();
    var texts = header.putObject(METADATA);
    metadata.forEach(texts::put);
    long offset = 0;
    for (var entry : tensors.entrySet()) {
      var tensor = entry.getValue();
      var node = header.putObject(entry.getKey()).put("dtype", "F32");
      var shape = node.putArray("shape");
      for (long side : tensor.shape) {
        shape.add(side);
      }
      long end = offset + tensor.data.remaining();
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    var bytes = padded(header);
    var part = file.resolveSibling(file.getFileName() + ".part");
    try (var channel =
        FileChannel.open(
            part,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      var length =
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).flip();
      writeAll(channel, length);
      writeAll(channel, ByteBuffer.wrap(bytes));
      for (var tensor : tensors.values()) {
        writeAll(channel, tensor.data.duplicate());
      }
      channel.force(true);
    }
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /// The arrays begin at a multiple of eight.
  private static byte[] padded(ObjectNode header) throws JsonProcessingException {
    var json = Json.MAPPER.writeValueAsString(header);
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    return (json + " ".repeat((8 - length % 8) % 8)).getBytes(StandardCharsets.UTF_8);
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int unused = channel.write(bytes);
    }
  }

  /// @throws ProblemException MODEL_UNREADABLE
  static SafeTensors read(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var size = read(channel, 0, 8, file).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (size < 2 || size > LONGEST_HEADER || size + 8 > channel.size()) {
        throw unreadable(file, "it does not begin as a safetensors file does");
      }
      var bytes = new byte[(int) size];
      read(channel, 8, (int) size, file).get(bytes);
      var header = Json.MAPPER.readTree(new String(bytes, StandardCharsets.UTF_8));
      var tensors = new LinkedHashMap<String, Tensor>();
      var metadata = new LinkedHashMap<String, String>();
      for (var entry : header.properties()) {
        if (entry.getKey().equals(METADATA)) {
          entry
              .getValue()
              .properties()
              .forEach(each -> metadata.put(each.getKey(), each.getValue().asText()));
        } else {
          int length = length(entry.getValue().path("dtype").asText());
          if (length > 0) {
            tensors.put(entry.getKey(), tensor(channel, 8 + size, entry.getValue(), length, file));
          }
        }
      }
      return new SafeTensors(tensors, metadata);
    } catch (JsonProcessingException e) {
      throw unreadable(file, "its header is not JSON: " + e.getOriginalMessage());
    }
  }

  /// A float's bytes; 0 for what is none.
  private static int length(String type) {
    return switch (type) {
      case "F16", "BF16" -> Short.BYTES;
      case "F32" -> Float.BYTES;
      case "F64" -> Double.BYTES;
      default -> 0;
    };
  }

  private static ByteBuffer floats(ByteBuffer bytes, String type) {
    if (type.equals("F32")) {
      return bytes;
    }
    int count = bytes.remaining() / length(type);
    var floats =
        ByteBuffer.allocateDirect(Math.multiplyExact(count, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      floats.putFloat(
          switch (type) {
            case "F16" -> Float.float16ToFloat(bytes.getShort());
            case "BF16" -> Float.intBitsToFloat(bytes.getShort() << 16);
            default -> (float) bytes.getDouble();
          });
    }
    return floats.flip();
  }

  private static Tensor tensor(FileChannel channel, long base, JsonNode node, int length, Path file)
      throws IOException {
    var shape = new long[node.path("shape").size()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = node.path("shape").get(i).asLong();
    }
    long from = node.path("data_offsets").path(0).asLong();
    long to = node.path("data_offsets").path(1).asLong();
    if (to - from > Integer.MAX_VALUE || to < from) {
      throw unreadable(file, "an array of it is too large");
    }
    var bytes = read(channel, base + from, (int) (to - from), file);
    var tensor = new Tensor(shape, floats(bytes, node.path("dtype").asText()));
    if (tensor.size() * length != to - from) {
      throw unreadable(file, "an array of it is not as long as its shape says");
    }
    return tensor;
  }

  private static ByteBuffer read(FileChannel channel, long from, int length, Path file)
      throws IOException {
    var bytes = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, from + bytes.position()) < 0) {
        throw unreadable(file, "it is cut off");
      }
    }
    return bytes.flip();
  }

  private static ProblemException unreadable(Path file, String why) {
    return new ProblemException(
        ProblemCode.MODEL_UNREADABLE, "%s cannot be read: %s".formatted(file.getFileName(), why));
  }
}

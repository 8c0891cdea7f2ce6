package dev.pipewright.tabular.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/// A graph of ONNX operations, built from its inputs on. Values go by names; an operation gives the
/// name of what comes out of it.
///
/// The field numbers are those of `onnx.proto`; the sets of operations are old enough to be known
/// by every runtime since the middle of 2022.
public final class Graph {
  public static final String FILE = "model.onnx";
  static final int OPSET = 17;
  static final int ML_OPSET = 3;
  private static final int IR_VERSION = 8;
  private static final String ML = "ai.onnx.ml";

  /// What a value's numbers are, by their codes.
  public enum Type {
    FLOAT(1),
    INT64(7),
    STRING(8),
    BOOL(9),
    DOUBLE(11);

    private final int code;

    Type(int code) {
      this.code = code;
    }
  }

  private final String name;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Proto graph = new Proto();
  private final List<Proto> inputs = new ArrayList<>();
  private final List<Proto> outputs = new ArrayList<>();
  private final List<Proto> initializers = new ArrayList<>();
  private int values;

  public Graph(String name) {
    this.name = name;
  }

  /// A word about the model, for whoever loads it.
  public Graph said(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /// @param shape each side a number, or a name for any length
  public String input(String name, Type type, Object... shape) {
    inputs.add(value(name, type, shape));
    return name;
  }

  /// A column of a table as an input: one value for each row, here as an array of one column.
  public String column(String name, Type type) {
    return op("Unsqueeze", input(name, type, "rows"), list(1));
  }

  /// Gives a value out.
  ///
  /// @param shape each side a number, or a name for any length
  public void output(String name, String value, Type type, Object... shape) {
    node(new Op("Identity"), List.of(value), List.of(name));
    outputs.add(value(name, type, shape));
  }

  private static Proto value(String name, Type type, Object... shape) {
    var sides = new Proto();
    for (var side : shape) {
      sides.message(
          1,
          side instanceof String any
              ? new Proto().text(2, any)
              : new Proto().whole(1, ((Number) side).longValue()));
    }
    var tensor = new Proto().whole(1, type.code).message(2, sides);
    return new Proto().text(1, name).message(2, new Proto().message(1, tensor));
  }

  private String fresh() {
    return "v" + values++;
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private String constant(Type type, byte[] raw, long... shape) {
    var name = fresh();
    initializers.add(tensor(type, shape).text(8, name).bytes(9, raw));
    return name;
  }

  private static Proto tensor(Type type, long... shape) {
    return new Proto().wholes(1, shape).whole(2, type.code);
  }

  /// Numbers that are known. Without a shape, a single one.
  public String floats(float[] numbers, long... shape) {
    var raw = buffer(numbers.length * Float.BYTES);
    raw.asFloatBuffer().put(numbers);
    return constant(Type.FLOAT, raw.array(), shape);
  }

  /// @param numbers position to limit, little endian
  public String floats(ByteBuffer numbers, long... shape) {
    var raw = new byte[numbers.remaining()];
    numbers.duplicate().get(raw);
    return constant(Type.FLOAT, raw, shape);
  }

  public String number(float number) {
    return floats(new float[] {number});
  }

  public String doubles(double[] numbers, long... shape) {
    var raw = buffer(numbers.length * Double.BYTES);
    raw.asDoubleBuffer().put(numbers);
    return constant(Type.DOUBLE, raw.array(), shape);
  }

  public String exact(double number) {
    return doubles(new double[] {number});
  }

  public String longs(long[] numbers, long... shape) {
    var raw = buffer(numbers.length * Long.BYTES);
    raw.asLongBuffer().put(numbers);
    return constant(Type.INT64, raw.array(), shape);
  }

  public String whole(long number) {
    return longs(new long[] {number});
  }

  /// A list, such as of the sides of a shape.
  public String list(long... numbers) {
    return longs(numbers, numbers.length);
  }

  public String strings(List<String> texts) {
    var name = fresh();
    initializers.add(tensor(Type.STRING, texts.size()).text(8, name).texts(6, texts));
    return name;
  }

  /// An operation with its attributes.
  public static final class Op {
    private final String type;
    private final String domain;
    private final List<Proto> attributes = new ArrayList<>();

    public Op(String type) {
      this(type, "");
    }

    private Op(String type, String domain) {
      this.type = type;
      this.domain = domain;
    }

    /// Of the operations for models that are no networks.
    public static Op ml(String type) {
      return new Op(type, ML);
    }

    private Op add(String name, int kind, Proto attribute) {
      attributes.add(attribute.text(1, name).whole(20, kind));
      return this;
    }

    public Op set(String name, long value) {
      return add(name, 2, new Proto().whole(3, value));
    }

    public Op set(String name, float value) {
      return add(name, 1, new Proto().real(2, value));
    }

    public Op set(String name, String value) {
      return add(name, 3, new Proto().text(4, value));
    }

    public Op set(String name, long... values) {
      return add(name, 7, new Proto().wholes(8, values));
    }

    public Op set(String name, float... values) {
      return add(name, 6, new Proto().reals(7, values));
    }

    public Op set(String name, List<String> values) {
      return add(name, 8, new Proto().texts(9, values));
    }
  }

  private void node(Op op, List<String> in, List<String> out) {
    var node = new Proto().texts(1, in).texts(2, out).text(4, op.type);
    op.attributes.forEach(attribute -> node.message(5, attribute));
    if (!op.domain.isEmpty()) {
      node.text(7, op.domain);
    }
    graph.message(1, node);
  }

  public String op(Op op, String... in) {
    var out = fresh();
    node(op, Arrays.asList(in), List.of(out));
    return out;
  }

  public String op(String type, String... in) {
    return op(new Op(type), in);
  }

  /// Of an operation with several results.
  public List<String> ops(Op op, int results, String... in) {
    var out = new ArrayList<String>();
    for (int i = 0; i < results; i++) {
      out.add(fresh());
    }
    node(op, Arrays.asList(in), out);
    return out;
  }

  public String cast(String value, Type to) {
    return op(new Op("Cast").set("to", to.code), value);
  }

  public String concat(int axis, List<String> values) {
    return op(new Op("Concat").set("axis", axis), values.toArray(String[]::new));
  }

  /// A text's position among some, as a whole number.
  ///
  /// @param otherwise for a text that is none of them
  public String position(String text, List<String> among, long otherwise) {
    return op(
        Op.ml("LabelEncoder")
            .set("keys_strings", among)
            .set("values_int64s", LongStream.range(0, among.size()).toArray())
            .set("default_int64", otherwise),
        text);
  }

  /// For each of some texts a column of floats, with 1 where it is the row's.
  public String chosen(String text, List<String> among) {
    var places = longs(LongStream.range(0, among.size()).toArray(), 1, among.size());
    return cast(op("Equal", position(text, among, -1), places), Type.FLOAT);
  }

  public void write(Path folder) throws IOException {
    graph.text(2, name);
    initializers.forEach(each -> graph.message(5, each));
    inputs.forEach(each -> graph.message(11, each));
    outputs.forEach(each -> graph.message(12, each));
    var model =
        new Proto()
            .whole(1, IR_VERSION)
            .text(2, "pipewright")
            .message(8, new Proto().text(1, "").whole(2, OPSET))
            .message(8, new Proto().text(1, ML).whole(2, ML_OPSET))
            .message(7, graph);
    metadata.forEach((key, value) -> model.message(14, new Proto().text(1, key).text(2, value)));
    Files.write(folder.resolve(FILE), model.written());
  }
}

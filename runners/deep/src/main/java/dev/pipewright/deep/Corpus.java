package dev.pipewright.deep;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/// A long text as tokens in a file that is mapped into memory: it may be larger than the heap. An
/// example is a window of it; what is to be found is the window moved on by one token.
///
/// @param from the first token that belongs to it
/// @param to the token after the last one
record Corpus(MemorySegment tokens, long from, long to, int context) implements Examples {
  private static final ValueLayout.OfInt TOKEN =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int AT_ONCE = 1 << 16;

  /// Reads text files piece by piece, each piece ending with a line.
  ///
  /// @param path a file, or a folder of them
  /// @throws ProblemException TABLE_UNREADABLE when one is not UTF-8
  static void read(Path path, Consumer<String> sink) throws IOException {
    for (var file : files(path)) {
      try (var reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        var piece = new StringBuilder();
        for (var line = reader.readLine(); line != null; line = reader.readLine()) {
          piece.append(line).append('\n');
          if (piece.length() >= AT_ONCE) {
            sink.accept(piece.toString());
            piece.setLength(0);
          }
        }
        if (!piece.isEmpty()) {
          sink.accept(piece.toString());
        }
      } catch (CharacterCodingException e) {
        throw new ProblemException(
            ProblemCode.TABLE_UNREADABLE,
            "%s is not a text in UTF-8".formatted(file.getFileName()),
            "Give text files; convert them to UTF-8 first.");
      }
    }
  }

  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (var all = Files.walk(path)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /// Learns how to cut the text into tokens.
  static Bpe tokeniser(Path path, int vocabulary) throws IOException {
    var counts = new Bpe.Counts();
    read(path, counts::add);
    return Bpe.train(counts, vocabulary);
  }

  /// Cuts the text into tokens.
  ///
  /// @param file where they are written
  static Corpus of(Path path, Bpe bpe, int context, Path file) throws IOException {
    try (var out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), AT_ONCE))) {
      read(
          path,
          text -> {
            try {
              for (int token : bpe.encode(text)) {
                out.writeInt(token);
              }
            } catch (IOException e) {
              throw new UncheckedIOException("the tokens cannot be written", e);
            }
          });
    }
    try (var channel = FileChannel.open(file)) {
      var tokens = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
      return new Corpus(tokens, 0, channel.size() / Integer.BYTES, context);
    }
  }

  /// A part at the end to judge by, and the rest to learn from.
  ///
  /// @throws ProblemException TABLE_TOO_SMALL when one is shorter than a window
  List<Corpus> split(double validation) {
    long cut = to - Math.round((to - from) * validation);
    var parts =
        validation > 0
            ? List.of(new Corpus(tokens, from, cut, context), new Corpus(tokens, cut, to, context))
            : List.of(this);
    for (var part : parts) {
      if (part.size() < 1) {
        throw new ProblemException(
            ProblemCode.TABLE_TOO_SMALL,
            "the text has %,d tokens; a part of it is shorter than a window of %d"
                .formatted(to - from, context + 1),
            "Give more text, or a smaller 'length'.");
      }
    }
    return parts;
  }

  @Override
  public int size() {
    return (int) Math.min(Integer.MAX_VALUE, (to - from - 1) / context);
  }

  @Override
  public int weight() {
    return context;
  }

  @Override
  public String unit() {
    return "tokens";
  }

  @Override
  public Batch batch(NDManager manager, int[] places) {
    var now = new long[places.length * context];
    var next = new long[places.length * context];
    for (int i = 0; i < places.length; i++) {
      long at = from + (long) places[i] * context;
      for (int j = 0; j < context; j++) {
        now[i * context + j] = tokens.getAtIndex(TOKEN, at + j);
        next[i * context + j] = tokens.getAtIndex(TOKEN, at + j + 1);
      }
    }
    var shape = new Shape(places.length, context);
    return new Batch(
        new NDList(manager.create(now, shape)), new NDList(manager.create(next, shape)));
  }
}

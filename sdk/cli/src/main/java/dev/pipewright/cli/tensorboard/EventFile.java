package dev.pipewright.cli.tensorboard;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.pipewright.cli.tensorboard.wire.Event;
import dev.pipewright.cli.tensorboard.wire.Summary;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/// An event file of TensorBoard, read record by record: scalars and images, as the older writers
/// (and PyTorch's) and as TensorFlow 2 put them.
public final class EventFile {
  private static final String NAME = "events.out.tfevents.";

  private EventFile() {}

  /// Whether a file of this name is one.
  public static boolean is(String name) {
    return name.substring(name.lastIndexOf('/') + 1).startsWith(NAME);
  }

  /// @param timestamp milliseconds since the epoch
  public record Scalar(String tag, long step, long timestamp, double value) {}

  /// @param index of several images of one tag and step
  /// @param content a PNG, JPEG or GIF file
  public record Image(String tag, long step, long timestamp, int index, ByteString content) {}

  /// Takes what is found, in the file's order.
  public interface Taker<X extends Exception> {
    void scalar(Scalar scalar) throws X;

    void image(Image image) throws X;
  }

  /// What is to be said about a file that was read.
  ///
  /// @param cutOff the byte where a record begins that the file does not have to its end; -1 when
  ///   it is whole
  /// @param damages records that were left out, each with its place
  /// @param others what else is in the file, by kind: how many values that we have no place for
  /// @param first the time of the first event, milliseconds since the epoch; 0 when there is none
  /// @param last the time of the last event
  public record Outcome(
      long cutOff,
      List<String> damages,
      SortedMap<String, Integer> others,
      long first,
      long last) {}

  /// Reads to the end, or to where a file that is still written ends for now.
  ///
  /// @param in is closed
  public static <X extends Exception> Outcome read(InputStream in, Taker<X> taker)
      throws IOException, X {
    var reading = new Reading<>(taker);
    long cutOff = -1;
    try (var records = new TfRecords(in)) {
      for (var next = records.next(); next != null; next = records.next()) {
        switch (next) {
          case TfRecords.Next.Content content -> reading.event(content);
          case TfRecords.Next.TooLarge(long at, long length) ->
              reading.damaged(at, "a record of " + length + " bytes is too large");
          case TfRecords.Next.Damaged(long at, String how) -> reading.damaged(at, how);
          case TfRecords.Next.CutOff(long at) -> cutOff = at;
        }
      }
    }
    return new Outcome(cutOff, reading.damages, reading.others, reading.first, reading.last);
  }

  /// The time of the first event, milliseconds since the epoch; 0 when there is none yet.
  ///
  /// @param in is closed
  public static long start(InputStream in) throws IOException {
    try (var records = new TfRecords(in)) {
      return records.next() instanceof TfRecords.Next.Content content
          ? timestamp(Event.parseFrom(content.bytes()))
          : 0;
    } catch (InvalidProtocolBufferException e) {
      return 0;
    }
  }

  private static long timestamp(Event event) {
    return Math.round(event.getWallTime() * 1000);
  }

  private static final class Reading<X extends Exception> {
    final List<String> damages = new ArrayList<>();
    final SortedMap<String, Integer> others = new TreeMap<>();
    long first;
    long last;
    private final Taker<X> taker;

    /// What a tag is for; a writer may say it only once.
    private final Map<String, String> plugins = new HashMap<>();

    Reading(Taker<X> taker) {
      this.taker = taker;
    }

    void damaged(long at, String how) {
      damages.add("at byte " + at + ", " + how);
    }

    void event(TfRecords.Next.Content record) throws X {
      Event event;
      try {
        event = Event.parseFrom(record.bytes());
      } catch (InvalidProtocolBufferException e) {
        damaged(record.at(), "a record is no event: " + e.getMessage());
        return;
      }
      long timestamp = timestamp(event);
      if (timestamp > 0) {
        first = first == 0 ? timestamp : Math.min(first, timestamp);
        last = Math.max(last, timestamp);
      }
      for (var value : event.getSummary().getValueList()) {
        value(value, event.getStep(), timestamp);
      }
    }

    private void value(Summary.Value value, long step, long timestamp) throws X {
      var tag = value.getTag();
      if (value.hasMetadata()) {
        plugins.put(tag, value.getMetadata().getPluginData().getPluginName());
      }
      var plugin = plugins.getOrDefault(tag, "");
      switch (value.getValueCase()) {
        case SIMPLE_VALUE -> taker.scalar(new Scalar(tag, step, timestamp, value.getSimpleValue()));
        case IMAGE ->
            taker.image(
                new Image(tag, step, timestamp, 0, value.getImage().getEncodedImageString()));
        case TENSOR -> {
          var tensor = value.getTensor();
          var number = plugin.equals("scalars") ? TensorNumber.of(tensor) : OptionalDouble.empty();
          if (number.isPresent()) {
            taker.scalar(new Scalar(tag, step, timestamp, number.getAsDouble()));
          } else if (plugin.equals("images")) {
            // After the width and the height.
            for (int i = 2; i < tensor.getStringValCount(); i++) {
              taker.image(new Image(tag, step, timestamp, i - 2, tensor.getStringVal(i)));
            }
          } else {
            other(plugin);
          }
        }
        case HISTOGRAM -> other("histograms");
        case AUDIO -> other("audio");
        case VALUE_NOT_SET -> other(plugin);
      }
    }

    private void other(String kind) {
      others.merge(kind.isEmpty() ? "unknown" : kind, 1, Integer::sum);
    }
  }
}

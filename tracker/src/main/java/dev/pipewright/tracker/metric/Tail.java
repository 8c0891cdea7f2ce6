package dev.pipewright.tracker.metric;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.pipewright.contract.tracking.v1.MetricSeries;
import dev.pipewright.contract.tracking.v1.MetricsLogged;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads serialized [MetricsLogged] messages, which may follow each other, straight into columns.
final class Tail {
  private Tail() {}

  /// @param into where the points of a key go; null leaves them out
  static void read(byte[] data, Function<String, @Nullable PointBuffer> into) {
    var in = CodedInputStream.newInstance(data);
    try {
      while (true) {
        int tag = in.readTag();
        if (tag == 0) {
          return;
        }
        if (WireFormat.getTagFieldNumber(tag) != MetricsLogged.SERIES_FIELD_NUMBER) {
          in.skipField(tag);
          continue;
        }
        int outer = in.pushLimit(in.readRawVarint32());
        series(in, into);
        in.popLimit(outer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a stored batch of metrics is damaged", e);
    }
  }

  /// The key comes first: our own code wrote the bytes, in the order of the fields.
  private static void series(CodedInputStream in, Function<String, @Nullable PointBuffer> into)
      throws IOException {
    var points = (PointBuffer) null;
    boolean known = false;
    while (true) {
      int tag = in.readTag();
      int field = WireFormat.getTagFieldNumber(tag);
      if (tag == 0) {
        return;
      }
      if (field == MetricSeries.KEY_FIELD_NUMBER) {
        points = into.apply(key(in.readString()));
        known = true;
      } else if (known && points == null) {
        in.skipField(tag);
      } else {
        if (points == null) {
          points = into.apply("");
          known = true;
        }
        column(in, tag, field, points);
      }
    }
  }

  private static void column(CodedInputStream in, int tag, int field, @Nullable PointBuffer points)
      throws IOException {
    boolean ours =
        field == MetricSeries.STEPS_FIELD_NUMBER
            || field == MetricSeries.TIMESTAMPS_FIELD_NUMBER
            || field == MetricSeries.VALUES_FIELD_NUMBER;
    if (points == null || !ours) {
      in.skipField(tag);
      return;
    }
    int outer = in.pushLimit(in.readRawVarint32());
    switch (field) {
      case MetricSeries.STEPS_FIELD_NUMBER -> {
        while (in.getBytesUntilLimit() > 0) {
          points.step(in.readSInt64());
        }
      }
      case MetricSeries.TIMESTAMPS_FIELD_NUMBER -> {
        while (in.getBytesUntilLimit() > 0) {
          points.timestamp(in.readSInt64());
        }
      }
      default -> {
        while (in.getBytesUntilLimit() > 0) {
          points.value(in.readDouble());
        }
      }
    }
    in.popLimit(outer);
  }

  /// PostgreSQL's text holds no NUL.
  static String key(String logged) {
    return logged.indexOf('\0') < 0 ? logged : logged.replace('\0', '\uFFFD');
  }
}

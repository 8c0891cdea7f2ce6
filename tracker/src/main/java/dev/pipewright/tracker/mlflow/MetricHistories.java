package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonSerializable;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import dev.pipewright.tracker.metric.Points;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The points of a metric in one or several runs, written straight from their columns: an object a
/// point would be most of the work of a long history.
final class MetricHistories extends JsonSerializable.Base {
  private static final SerializedString KEY = new SerializedString("key");
  private static final SerializedString VALUE = new SerializedString("value");
  private static final SerializedString TIMESTAMP = new SerializedString("timestamp");
  private static final SerializedString STEP = new SerializedString("step");
  private static final SerializedString RUN_ID = new SerializedString("run_id");

  private record Part(@Nullable SerializedString runId, Points points) {}

  private final SerializedString key;
  private final boolean leaveOutEmpty;
  private final List<Part> parts = new ArrayList<>();
  private @Nullable String nextPageToken;

  /// @param leaveOutEmpty whether there is no list where there are no points, as in an answer that
  ///   MLflow makes of a protobuf message
  MetricHistories(String key, boolean leaveOutEmpty) {
    this.key = new SerializedString(key);
    this.leaveOutEmpty = leaveOutEmpty;
  }

  /// @param runId null where the answer is of one run and does not name it
  MetricHistories add(@Nullable String runId, Points points) {
    if (points.size() > 0) {
      parts.add(new Part(runId == null ? null : new SerializedString(runId), points));
    }
    return this;
  }

  MetricHistories next(@Nullable String token) {
    nextPageToken = token;
    return this;
  }

  @Override
  public void serialize(JsonGenerator json, SerializerProvider provider) throws IOException {
    json.writeStartObject();
    if (!parts.isEmpty() || !leaveOutEmpty) {
      json.writeArrayFieldStart("metrics");
      for (var part : parts) {
        write(json, part);
      }
      json.writeEndArray();
    }
    if (nextPageToken != null) {
      json.writeStringField("next_page_token", nextPageToken);
    }
    json.writeEndObject();
  }

  private void write(JsonGenerator json, Part part) throws IOException {
    var steps = part.points.steps();
    var timestamps = part.points.timestamps();
    var values = part.points.values();
    for (int i = 0; i < steps.length; i++) {
      json.writeStartObject();
      json.writeFieldName(KEY);
      json.writeString(key);
      json.writeFieldName(VALUE);
      json.writeNumber(values[i]);
      json.writeFieldName(TIMESTAMP);
      json.writeNumber(timestamps[i]);
      json.writeFieldName(STEP);
      json.writeNumber(steps[i]);
      if (part.runId != null) {
        json.writeFieldName(RUN_ID);
        json.writeString(part.runId);
      }
      json.writeEndObject();
    }
  }

  @Override
  public void serializeWithType(
      JsonGenerator json, SerializerProvider provider, TypeSerializer type) throws IOException {
    serialize(json, provider);
  }
}

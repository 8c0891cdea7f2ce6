package dev.pipewright.tracker.metric;

import java.util.Arrays;

/// Points that are still being gathered.
final class PointBuffer {
  private static final int FIRST = 16;

  private long[] steps = new long[FIRST];
  private long[] timestamps = new long[FIRST];
  private double[] values = new double[FIRST];
  private int stepCount;
  private int timestampCount;
  private int valueCount;

  int size() {
    return stepCount;
  }

  void step(long step) {
    if (stepCount == steps.length) {
      steps = Arrays.copyOf(steps, stepCount * 2);
    }
    steps[stepCount++] = step;
  }

  void timestamp(long timestamp) {
    if (timestampCount == timestamps.length) {
      timestamps = Arrays.copyOf(timestamps, timestampCount * 2);
    }
    timestamps[timestampCount++] = timestamp;
  }

  void value(double value) {
    if (valueCount == values.length) {
      values = Arrays.copyOf(values, valueCount * 2);
    }
    values[valueCount++] = value;
  }

  void add(Points points) {
    int needed = stepCount + points.size();
    if (needed > steps.length) {
      int room = Math.max(needed, steps.length * 2);
      steps = Arrays.copyOf(steps, room);
    }
    if (needed > timestamps.length) {
      timestamps = Arrays.copyOf(timestamps, Math.max(needed, timestamps.length * 2));
    }
    if (needed > values.length) {
      values = Arrays.copyOf(values, Math.max(needed, values.length * 2));
    }
    System.arraycopy(points.steps(), 0, steps, stepCount, points.size());
    System.arraycopy(points.timestamps(), 0, timestamps, timestampCount, points.size());
    System.arraycopy(points.values(), 0, values, valueCount, points.size());
    stepCount = needed;
    timestampCount = needed;
    valueCount = needed;
  }

  Points points() {
    return new Points(
        Arrays.copyOf(steps, stepCount),
        Arrays.copyOf(timestamps, timestampCount),
        Arrays.copyOf(values, valueCount));
  }
}

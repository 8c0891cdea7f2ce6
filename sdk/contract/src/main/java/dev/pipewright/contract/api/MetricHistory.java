package dev.pipewright.contract.api;

/// Points of one metric, by step; the lists have one length. With a wish for fewer points than
/// there are, each bucket of neighbouring steps gives its lowest and its highest point, so no peak
/// is lost.
///
/// @param points how many there are in all
/// @param timestamps milliseconds since the epoch
/// @param values "NaN", "Infinity" and "-Infinity" are strings in JSON
public record MetricHistory(
    String runId, String key, long points, long[] steps, long[] timestamps, double[] values) {}

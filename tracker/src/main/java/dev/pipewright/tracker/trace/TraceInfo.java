package dev.pipewright.tracker.trace;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A trace as a whole.
///
/// @param duration milliseconds; null while it runs
/// @param state one of the protocol's names
public record TraceInfo(
    String id,
    long experimentId,
    @Nullable String clientRequestId,
    Instant requestTime,
    @Nullable Long duration,
    String state,
    @Nullable String requestPreview,
    @Nullable String responsePreview,
    Map<String, String> metadata,
    Map<String, String> tags) {

  public static final String NAME_TAG = "mlflow.traceName";
  public static final String LOCATION_TAG = "mlflow.artifactLocation";

  /// Where clients find the spans: here, or in a file at the location.
  public static final String SPANS_TAG = "mlflow.trace.spansLocation";

  public static final String SPANS_HERE = "TRACKING_STORE";
  public static final String RUN_METADATA = "mlflow.sourceRun";
  public static final String SESSION_METADATA = "mlflow.trace.session";
  public static final String USAGE_METADATA = "mlflow.trace.tokenUsage";
  public static final String COST_METADATA = "mlflow.trace.cost";
  public static final String SIZE_METADATA = "mlflow.trace.sizeStats";
  static final String USER_METADATA = "mlflow.trace.user";
  static final String IN_PROGRESS = "IN_PROGRESS";
}

package dev.pipewright.tracker.mlflow;

import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.artifact.ArtifactPath;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.artifact.Download;
import dev.pipewright.tracker.artifact.MediaTypes;
import dev.pipewright.tracker.mlflow.wire.ErrorCode;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.trace.OtlpSpans;
import dev.pipewright.tracker.trace.OtlpSpans.Malformed;
import dev.pipewright.tracker.trace.Span;
import dev.pipewright.tracker.trace.SpanJson;
import dev.pipewright.tracker.trace.TraceInfo;
import dev.pipewright.tracker.trace.TraceStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jspecify.annotations.Nullable;

/// Spans as they come, over OTLP, and as files.
@Path("/")
@RunOnVirtualThread
class TraceFiles {
  /// Of a request as it is unpacked; what a hundred thousand spans need, several times over.
  private static final int LARGEST_REQUEST = 64 * 1024 * 1024;

  private static final String FILE = "traces.json";

  /// Requests are held in memory: so many at once, others wait.
  private static final int MOST_REQUESTS = 4;

  private final Semaphore requests = new Semaphore(MOST_REQUESTS);
  private final Db db;
  private final TraceStore traces;
  private final RunStore runs;
  private final ArtifactStore artifacts;
  private final Blobs blobs;

  TraceFiles(Db db, TraceStore traces, RunStore runs, ArtifactStore artifacts, Blobs blobs) {
    this.db = db;
    this.traces = traces;
    this.runs = runs;
    this.artifacts = artifacts;
    this.blobs = blobs;
  }

  /// All spans of a request are kept, or none.
  @POST
  @Path("v1/traces")
  @Consumes(MediaType.WILDCARD)
  @Operation(hidden = true)
  public Response export(
      @HeaderParam("x-mlflow-experiment-id") @Nullable String experiment,
      @HeaderParam("x-mlflow-run-id") @Nullable String runId,
      @HeaderParam("Content-Type") @Nullable String type,
      @HeaderParam("Content-Encoding") @Nullable String encoding,
      InputStream body)
      throws IOException {
    if (experiment == null) {
      return detail(422, "The header x-mlflow-experiment-id is missing.");
    }
    var media = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!media.equals("application/x-protobuf") && !media.equals("application/json")) {
      return detail(
          400,
          "Invalid Content-Type: "
              + type
              + ". Expected: application/x-protobuf or application/json");
    }
    requests.acquireUninterruptibly();
    try {
      return export(Rules.experimentId(experiment), runId, media, encoding, body);
    } finally {
      requests.release();
    }
  }

  private Response export(
      long experimentId,
      @Nullable String runId,
      String media,
      @Nullable String encoding,
      InputStream body)
      throws IOException {
    byte[] unpacked;
    try {
      unpacked = unpack(body, encoding);
    } catch (ZipException | EOFException e) {
      return detail(400, "Failed to decompress " + encoding + " payload: " + e.getMessage());
    }
    if (unpacked.length > LARGEST_REQUEST) {
      return detail(
          413,
          "The request holds more than %d MiB. Send fewer spans at once."
              .formatted(LARGEST_REQUEST >> 20));
    }
    OtlpSpans.Batch batch;
    try {
      batch =
          media.equals("application/json")
              ? OtlpSpans.ofJson(unpacked)
              : OtlpSpans.ofProtobuf(unpacked);
    } catch (Malformed e) {
      return detail(e.inSpan() ? 422 : 400, e.getMessage());
    }
    store(batch, experimentId, runId);
    // An empty ExportTraceServiceResponse.
    return media.equals("application/json")
        ? Response.ok("{}").type(MediaType.APPLICATION_JSON_TYPE).build()
        : Response.ok(new byte[0]).type("application/x-protobuf").build();
  }

  private static byte[] unpack(InputStream body, @Nullable String encoding) throws IOException {
    var stream =
        switch (encoding == null ? "" : encoding.strip().toLowerCase(Locale.ROOT)) {
          case "", "identity" -> body;
          case "gzip" -> new GZIPInputStream(body, 64 * 1024);
          case "deflate" -> new InflaterInputStream(body);
          default -> throw MlflowError.invalid("Unsupported Content-Encoding: " + encoding);
        };
    // One byte more than allowed says that it is too much, however much more there is.
    return stream.readNBytes(LARGEST_REQUEST + 1);
  }

  private void store(OtlpSpans.Batch batch, long experimentId, @Nullable String runId) {
    if (batch.spans().isEmpty()) {
      return;
    }
    db.useTransaction(tx -> {
      var experiment = ExperimentCalls.find(tx, experimentId);
      traces.addSpans(
          tx, experimentId, batch, id -> TraceCalls.location(experiment.artifactLocation(), id));
      if (runId != null && !runId.isEmpty()) {
        var roots =
            batch.spans().stream()
                .filter(span -> span.parentId() == null)
                .map(Span::traceId)
                .collect(Collectors.toSet());
        var run = runs.keys(tx, Set.of(runId)).get(runId);
        if (run == null) {
          throw MlflowError.noRun(runId);
        }
        traces.linkToRun(tx, roots, run.number());
      }
    });
  }

  /// As MLflow's server refuses a request of this kind.
  private static Response detail(int status, String detail) {
    return FileAnswers.json(status, Map.of("detail", detail));
  }

  /// The spans of a trace, or a file that belongs to it.
  @GET
  @Path("{api:api|ajax-api}/2.0/mlflow/get-trace-artifact")
  @Operation(hidden = true)
  public Response file(
      @QueryParam("request_id") @Nullable String id,
      @QueryParam("path") @Nullable String path,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    if (id == null || id.isEmpty()) {
      throw new MlflowError(
          ErrorCode.BAD_REQUEST, "Request must include the \"request_id\" query parameter.");
    }
    var trace = traces.find(id).orElseThrow(() -> TraceCalls.none(id));
    if (path != null && !path.isEmpty()) {
      return send(trace, "attachments/" + ArtifactRoots.path(path), range, known);
    }
    if (!TraceInfo.SPANS_HERE.equals(trace.tags().get(TraceInfo.SPANS_TAG))) {
      // Old clients upload their spans as a file.
      return send(trace, FILE, range, known);
    }
    var spans = traces.spans(List.of(id)).getOrDefault(id, List.of());
    return Response.ok(MlflowJson.bytes(SpanJson.file(spans)))
        .type(MediaType.APPLICATION_OCTET_STREAM_TYPE)
        .header("Content-Disposition", "attachment; filename=" + FILE)
        .header("X-Content-Type-Options", "nosniff")
        .build();
  }

  private Response send(
      TraceInfo trace, String name, @Nullable String range, @Nullable String known)
      throws IOException {
    var location = trace.tags().getOrDefault(TraceInfo.LOCATION_TAG, "");
    var path =
        ArtifactPath.ofLocation(location)
            .map(root -> ArtifactPath.join(root, name))
            .orElseThrow(() ->
                new MlflowError(
                    ErrorCode.NOT_IMPLEMENTED,
                    "The files of the trace are at '"
                        + location
                        + "', which this server does not read. Read them there."));
    var file = artifacts.find(path).orElseThrow(() -> ArtifactFiles.missing(path));
    return Download.of(
        blobs,
        file.digest(),
        MediaTypes.ofName(name),
        name.substring(name.lastIndexOf('/') + 1),
        range,
        known);
  }

  @ServerExceptionMapper
  public Response failed(Throwable failure) {
    return FileAnswers.failed(failure);
  }
}

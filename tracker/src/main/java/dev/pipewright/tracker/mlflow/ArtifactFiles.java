package dev.pipewright.tracker.mlflow;

import dev.pipewright.platform.Blobs;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.artifact.Download;
import dev.pipewright.tracker.artifact.MediaTypes;
import dev.pipewright.tracker.artifact.UploadStore;
import dev.pipewright.tracker.mlflow.wire.ErrorCode;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jspecify.annotations.Nullable;

/// The content of files, streamed both ways. A file is always answered as an attachment, so that a
/// browser does not run it as a page of this server.
@Path("/")
@RunOnVirtualThread
class ArtifactFiles {
  private static final String API = "{api:api|ajax-api}/2.0/";
  private static final String FILE = API + "mlflow-artifacts/artifacts/{path:.+}";
  private static final int LARGEST_SMALL_FILE = 10 * 1024 * 1024;

  private final ArtifactRoots roots;
  private final ArtifactStore artifacts;
  private final UploadStore uploads;
  private final Blobs blobs;
  private final SignedAddresses addresses;
  private final Clock clock;

  ArtifactFiles(
      ArtifactRoots roots,
      ArtifactStore artifacts,
      UploadStore uploads,
      Blobs blobs,
      SignedAddresses addresses,
      Clock clock) {
    this.addresses = addresses;
    this.roots = roots;
    this.artifacts = artifacts;
    this.uploads = uploads;
    this.blobs = blobs;
    this.clock = clock;
  }

  @GET
  @Path(FILE)
  @Operation(hidden = true)
  public Response get(
      @PathParam("path") String path,
      @QueryParam("expires") @Nullable String expires,
      @QueryParam("signature") @Nullable String signature,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    var file = ArtifactRoots.path(path);
    addresses.check("GET", file, expires, signature);
    return send(file, range, known);
  }

  @GET
  @Path("get-artifact")
  @Operation(hidden = true)
  public Response ofRun(
      @QueryParam("run_id") @Nullable String runId,
      @QueryParam("run_uuid") @Nullable String runUuid,
      @QueryParam("path") @Nullable String path,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    var relative = required("path", path);
    return send(roots.ofRun(runId == null ? runUuid : runId).join(relative), range, known);
  }

  @GET
  @Path("model-versions/get-artifact")
  @Operation(hidden = true)
  public Response ofModelVersion(
      @QueryParam("name") @Nullable String name,
      @QueryParam("version") @Nullable String version,
      @QueryParam("path") @Nullable String path,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    if (name == null || version == null) {
      throw MlflowError.missing(name == null ? "name" : "version");
    }
    var relative = required("path", path);
    return send(roots.ofModelVersion(name, version).join(relative), range, known);
  }

  @GET
  @Path(API + "mlflow/logged-models/{model}/artifacts/files")
  @Operation(hidden = true)
  public Response ofModel(
      @PathParam("model") String model,
      @QueryParam("artifact_file_path") @Nullable String path,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    if (path == null || path.isEmpty()) {
      throw new MlflowError(
          ErrorCode.BAD_REQUEST,
          "Request must include the \"artifact_file_path\" query parameter.");
    }
    return send(roots.ofModel(model).join(ArtifactRoots.path(path)), range, known);
  }

  private static String required(String name, @Nullable String path) {
    if (path == null || path.isEmpty()) {
      throw MlflowError.missing(name);
    }
    return ArtifactRoots.path(path);
  }

  private Response send(String path, @Nullable String range, @Nullable String known)
      throws IOException {
    var file = artifacts.find(path).orElseThrow(() -> absent(path));
    var name = path.substring(path.lastIndexOf('/') + 1);
    return Download.of(blobs, file.digest(), MediaTypes.ofName(name), name, range, known);
  }

  private MlflowError absent(String path) {
    return artifacts.list(path, 1, null).isEmpty()
        ? missing(path)
        : MlflowError.invalid("Artifact path refers to a directory, not a file: '" + path + "'");
  }

  static MlflowError missing(String path) {
    return MlflowError.notFound("No such artifact: '" + path + "'");
  }

  @PUT
  @Path(FILE)
  @Consumes(MediaType.WILDCARD)
  @Operation(hidden = true)
  public Response put(
      @PathParam("path") String path,
      @QueryParam("expires") @Nullable String expires,
      @QueryParam("signature") @Nullable String signature,
      InputStream content)
      throws IOException {
    var file = ArtifactRoots.path(path);
    addresses.check("PUT", file, expires, signature);
    if (file.isEmpty()) {
      throw MlflowError.invalid("Invalid path");
    }
    store(file, content);
    return FileAnswers.json(200, Map.of());
  }

  private void store(String path, InputStream content) throws IOException {
    var stored = blobs.put(content);
    artifacts.put(path, stored.digest(), stored.size(), MediaTypes.ofName(path), clock.instant());
  }

  /// Once more is no error.
  @DELETE
  @Path(FILE)
  @Operation(hidden = true)
  public Response delete(@PathParam("path") String path) {
    artifacts.delete(ArtifactRoots.path(path));
    return FileAnswers.json(200, Map.of());
  }

  /// One part of an upload that [ArtifactCalls] began.
  @PUT
  @Path(API + "mlflow-artifacts/mpu/part/{id}/{number:[0-9]{1,5}}")
  @Consumes(MediaType.WILDCARD)
  @Operation(hidden = true)
  public Response putPart(
      @PathParam("id") String id, @PathParam("number") int number, InputStream content)
      throws IOException {
    if (!uploads.exists(id)) {
      throw ArtifactCalls.noUpload(id);
    }
    var stored = blobs.put(content);
    if (!uploads.part(id, number, stored.digest(), stored.size())) {
      throw ArtifactCalls.noUpload(id);
    }
    return Response.ok().header("ETag", '"' + stored.digest() + '"').build();
  }

  /// A small file, as pages upload it.
  @POST
  @Path(API + "mlflow/upload-artifact")
  @Consumes(MediaType.WILDCARD)
  @Operation(hidden = true)
  public Response upload(
      @QueryParam("run_uuid") @Nullable String runId,
      @QueryParam("path") @Nullable String path,
      InputStream content)
      throws IOException {
    if (runId == null || runId.isEmpty()) {
      throw MlflowError.invalid("Request must specify run_uuid.");
    }
    if (path == null || path.isEmpty()) {
      throw MlflowError.invalid("Request must specify path.");
    }
    var relative = ArtifactRoots.path(path);
    var bytes = content.readNBytes(LARGEST_SMALL_FILE + 1);
    if (bytes.length > LARGEST_SMALL_FILE) {
      throw MlflowError.invalid("Artifact size is too large. Max size is 10MB.");
    }
    if (bytes.length == 0) {
      throw MlflowError.invalid("Request must specify data.");
    }
    store(roots.ofRun(runId).join(relative), new ByteArrayInputStream(bytes));
    return FileAnswers.json(200, Map.of());
  }

  @ServerExceptionMapper
  public Response failed(Throwable failure) {
    return FileAnswers.failed(failure);
  }
}

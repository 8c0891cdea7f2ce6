package dev.pipewright.tracker.mlflow;

import dev.pipewright.platform.Blobs;
import dev.pipewright.tracker.artifact.ArtifactPath;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.artifact.ArtifactStore.Child;
import dev.pipewright.tracker.artifact.MediaTypes;
import dev.pipewright.tracker.artifact.UploadStore;
import dev.pipewright.tracker.artifact.UploadStore.UploadPart;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.Routes;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What clients ask about files: listings, uploads in parts, addresses to read from. The content
/// itself goes through [ArtifactFiles].
@ApplicationScoped
class ArtifactCalls implements Routes.Family {
  private static final String PROXY = "2.0/mlflow-artifacts/";
  private static final int MOST_CHILDREN = 1_000_000;
  // What object stores allow.
  private static final int MOST_PARTS = 10_000;
  private static final Duration LONGEST_UPLOAD = Duration.ofDays(7);
  private static final Duration VALID = Duration.ofMinutes(15);
  private static final long LONGEST_VALID = 604_800;

  private final ArtifactRoots roots;
  private final ArtifactStore artifacts;
  private final UploadStore uploads;
  private final Blobs blobs;
  private final SignedAddresses addresses;
  private final Clock clock;

  ArtifactCalls(
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

  @Override
  public void addTo(Routes routes) {
    routes
        .get("2.0/mlflow/artifacts/list", this::ofRun)
        .get("2.0/mlflow/logged-models/{model_id}/artifacts/directories", this::ofModel)
        .get(PROXY + "artifacts", this::ofProxy)
        .get(PROXY + "presigned/{path...}", this::presignedProxy)
        .post("2.0/mlflow/artifacts/presigned-download-url", this::presignedOfRun)
        .post("2.0/mlflow/artifacts/presigned-upload-url", this::presignedUpload)
        .post(PROXY + "mpu/create/{path...}", this::begin)
        .post(PROXY + "mpu/complete/{path...}", this::complete)
        .post(PROXY + "mpu/abort/{path...}", this::abort);
  }

  record FileInfo(String path, boolean isDir, @Nullable Long fileSize) {}

  record Files(@Nullable String rootUri, List<FileInfo> files) {}

  Object ofRun(Call call) {
    var path = ArtifactRoots.path(call.string("path"));
    return files(roots.ofRun(call.runId()), path);
  }

  private Object ofModel(Call call) {
    var path = ArtifactRoots.path(call.string("artifact_directory_path"));
    return files(roots.ofModel(call.requireString("model_id")), path);
  }

  private Files files(ArtifactRoots.Root root, String path) {
    return new Files(
        root.uri(),
        children(root.join(path)).stream()
            .map(child ->
                new FileInfo(
                    ArtifactPath.join(path, child.name()), child.directory(), child.size()))
            .toList());
  }

  /// Names only, unlike the others.
  private Object ofProxy(Call call) {
    return new Files(
        null,
        children(ArtifactRoots.path(call.string("path"))).stream()
            .map(child -> new FileInfo(child.name(), child.directory(), child.size()))
            .toList());
  }

  private List<Child> children(String directory) {
    return artifacts.list(directory, MOST_CHILDREN, null);
  }

  // Addresses to read from and write to -------------------------------------------------------

  record Download(String url, Map<String, String> headers, long fileSize) {}

  private Object presignedProxy(Call call) {
    return download(call, ArtifactRoots.path(call.rest()), VALID);
  }

  record Presigned(String presignedUrl, Map<String, String> headers, @Nullable Long fileSize) {}

  private Object presignedOfRun(Call call) {
    var path = ArtifactRoots.path(call.requireString("path"));
    var validity = validity(call);
    var found = download(call, roots.ofRun(call.runId()).join(path), validity);
    return new Presigned(found.url, found.headers, found.fileSize);
  }

  private static Duration validity(Call call) {
    long seconds = call.integer("expiration", VALID.toSeconds());
    if (seconds < 1 || seconds > LONGEST_VALID) {
      throw MlflowError.invalid(
          "expiration must be between 1 and 604800 seconds (got " + seconds + ").");
    }
    return Duration.ofSeconds(seconds);
  }

  /// The store's own address, so that the content does not pass through this server; where it has
  /// none, this server's.
  private Download download(Call call, String path, Duration validity) {
    var file = artifacts.find(path).orElseThrow(() -> ArtifactFiles.missing(path));
    var name = path.substring(path.lastIndexOf('/') + 1);
    var address =
        blobs
            .presign(file.digest(), name, validity)
            .map(Object::toString)
            .orElseGet(() -> signed(call, "GET", path, validity));
    return new Download(address, Map.of(), file.size());
  }

  private Object presignedUpload(Call call) {
    var run = call.string("run_id", "");
    var model = call.string("model_id", "");
    if (run.isEmpty() == model.isEmpty()) {
      throw MlflowError.invalid("Exactly one of run_id and model_id must be provided.");
    }
    var path = ArtifactRoots.path(call.requireString("path"));
    var root = run.isEmpty() ? roots.ofModel(model) : roots.ofRun(run);
    return new Presigned(signed(call, "PUT", root.join(path), validity(call)), Map.of(), null);
  }

  private String signed(Call call, String method, String path, Duration validity) {
    return server(call)
        + "/api/"
        + PROXY
        + "artifacts/"
        + encoded(path)
        + "?"
        + addresses.query(method, path, validity);
  }

  private static String server(Call call) {
    var scheme = call.header("X-Forwarded-Proto");
    return (scheme == null ? "http" : scheme) + "://" + call.header("Host");
  }

  private static String encoded(String path) {
    return URLEncoder.encode(path, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }

  // Uploads in parts --------------------------------------------------------------------------

  record Credential(String url, int partNumber, Map<String, String> headers) {}

  record Upload(String uploadId, List<Credential> credentials) {}

  private Object begin(Call call) {
    var path = target(call);
    long parts = call.integer("num_parts", 1);
    if (parts < 1 || parts > MOST_PARTS) {
      throw MlflowError.invalid(
          "num_parts must be between 1 and " + MOST_PARTS + " (got " + parts + ").");
    }
    var id = UUID.randomUUID().toString();
    var now = clock.instant();
    uploads.abortAbandoned(now.minus(LONGEST_UPLOAD));
    uploads.begin(id, path, now);
    var credentials = new ArrayList<Credential>();
    for (int part = 1; part <= parts; part++) {
      credentials.add(
          new Credential(
              server(call) + "/api/" + PROXY + "mpu/part/" + id + "/" + part, part, Map.of()));
    }
    return new Upload(id, credentials);
  }

  /// The directory is in the address; of the client's own path only the name matters.
  private static String target(Call call) {
    var directory = ArtifactRoots.path(call.rest());
    var file = call.requireString("path");
    var name = file.substring(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
    return ArtifactRoots.path(ArtifactPath.join(directory, name));
  }

  private @Nullable Object complete(Call call) throws IOException {
    var path = target(call);
    var id = call.requireString("upload_id");
    var wanted = call.objects("parts");
    if (wanted.isEmpty()) {
      throw MlflowError.missing("parts");
    }
    if (uploads.isCompleted(id, path)) {
      return null;
    }
    var stored = uploads.parts(id);
    if (!uploads.exists(id)) {
      throw noUpload(id);
    }
    var parts = new ArrayList<UploadPart>(wanted.size());
    for (var each : wanted) {
      long number = Call.requireInteger(each, "part_number", "parts.part_number");
      var etag = Call.string(each, "etag", "parts.etag");
      parts.add(
          stored.stream()
              .filter(part ->
                  part.number() == number
                      && (etag == null || etag.replace("\"", "").equals(part.digest())))
              .findFirst()
              .orElseThrow(() ->
                  MlflowError.invalid(
                      "Part "
                          + number
                          + " of upload '"
                          + id
                          + "' was not uploaded with the ETag "
                          + etag
                          + ". Upload it again.")));
    }
    parts.sort(Comparator.comparingInt(UploadPart::number));
    Blobs.Stored joined;
    try (var content = new SequenceInputStream(new Parts(parts.iterator()))) {
      joined = blobs.put(content);
    }
    if (!uploads.complete(
            id, path, joined.digest(), joined.size(), MediaTypes.ofName(path), clock.instant())
        && !uploads.isCompleted(id, path)) {
      throw noUpload(id);
    }
    return null;
  }

  static MlflowError noUpload(String id) {
    return MlflowError.notFound(
        "There is no upload '" + id + "': it was completed, aborted or abandoned for too long.");
  }

  /// Opens one part after the other.
  private final class Parts implements Enumeration<InputStream> {
    private final Iterator<UploadPart> parts;

    Parts(Iterator<UploadPart> parts) {
      this.parts = parts;
    }

    @Override
    public boolean hasMoreElements() {
      return parts.hasNext();
    }

    @Override
    public InputStream nextElement() {
      var part = parts.next();
      try {
        return blobs
            .open(part.digest())
            .orElseThrow(() ->
                MlflowError.notFound(
                    "The content of part " + part.number() + " is gone. Upload it again."))
            .stream();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private @Nullable Object abort(Call call) {
    uploads.abort(call.requireString("upload_id"), target(call));
    return null;
  }
}

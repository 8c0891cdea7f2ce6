package dev.pipewright.tracker.artifact;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Artifact;
import dev.pipewright.contract.api.LogPage;
import dev.pipewright.contract.api.Page;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Paging;
import dev.pipewright.tracker.run.RunStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/runs/{runId}")
@Tag(name = "Runs")
@RunOnVirtualThread
class ArtifactResource {
  private static final int MOST_LINES = 10_000;

  private final RunStore runs;
  private final ArtifactStore artifacts;
  private final Blobs blobs;

  ArtifactResource(RunStore runs, ArtifactStore artifacts, Blobs blobs) {
    this.runs = runs;
    this.artifacts = artifacts;
    this.blobs = blobs;
  }

  @GET
  @Path("artifacts")
  @Operation(summary = "The files of a run, by path")
  public Page<Artifact> list(
      @PathParam("runId") String runId,
      @QueryParam("limit") @DefaultValue("1000") int limit,
      @QueryParam("after") @Nullable String after) {
    runs.get(runId);
    return artifacts.artifacts(runId, Paging.limit(limit), Paging.after(after));
  }

  @GET
  @Path("artifacts/{path:.+}")
  @Operation(
      summary = "The content of one file",
      description = "Answers Range and If-None-Match. With `download=1` a browser saves it.")
  public Response download(
      @PathParam("runId") String runId,
      @PathParam("path") String path,
      @QueryParam("download") @Nullable String download,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    runs.get(runId);
    var artifact =
        artifacts
            .artifact(runId, path)
            .orElseThrow(() ->
                new ProblemException(
                    ProblemCode.ARTIFACT_NOT_FOUND,
                    "Run " + runId + " has no artifact '" + path + "'."));
    var name = path.substring(path.lastIndexOf('/') + 1);
    return Download.of(
        blobs,
        artifact.digest(),
        artifact.mediaType(),
        download == null ? null : name,
        range,
        known);
  }

  @GET
  @Path("logs")
  @Operation(
      summary = "The log of a run, oldest line first",
      description =
          "With `search`, only the lines that contain the text, in whatever case. Of a long log only a"
              + " part is looked through at once: a page may be empty, and `next` still leads on.")
  public LogPage logs(
      @PathParam("runId") String runId,
      @QueryParam("after") @DefaultValue("0") long after,
      @QueryParam("limit") @DefaultValue("1000") int limit,
      @QueryParam("search") @Nullable String search) {
    runs.get(runId);
    int most = Paging.limit(limit, MOST_LINES);
    return search == null || search.isEmpty()
        ? artifacts.log(runId, after, most)
        : artifacts.searchLog(runId, search, after, most);
  }
}

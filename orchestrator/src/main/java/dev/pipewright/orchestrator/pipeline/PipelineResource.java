package dev.pipewright.orchestrator.pipeline;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ApplyPipeline;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Pipeline;
import dev.pipewright.contract.api.PipelineVersion;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.language.PipelineLanguage;
import dev.pipewright.language.PipelineSpec;
import dev.pipewright.orchestrator.pipeline.PipelineStore.StoredVersion;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/pipelines")
@Tag(name = "Pipelines")
@RunOnVirtualThread
class PipelineResource {
  private final PipelineStore pipelines;
  private final Blobs blobs;
  private final Clock clock;

  PipelineResource(PipelineStore pipelines, Blobs blobs, Clock clock) {
    this.pipelines = pipelines;
    this.blobs = blobs;
    this.clock = clock;
  }

  @POST
  @Operation(
      summary = "Store a pipeline version",
      description = "201 for a new version; 200 when it is the latest one already.")
  public RestResponse<PipelineVersion> apply(@Nullable ApplyPipeline request) throws IOException {
    if (request == null || request.source() == null) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST, "The body has no 'source', the YAML of the pipeline.");
    }
    var files = request.files() == null ? List.<DataRef.FileRef>of() : request.files();
    if (files.stream().anyMatch(file -> file.path() == null)) {
      throw new ProblemException(ProblemCode.BAD_REQUEST, "A file under 'files' has no path.");
    }
    var calls = pipelines.calls();
    var spec = PipelineLanguage.require(request.source(), calls);
    checkFiles(spec, files);
    var applied = pipelines.apply(spec, request.source(), files, calls, clock.instant());
    return RestResponse.status(
        applied.created() ? RestResponse.Status.CREATED : RestResponse.Status.OK,
        body(applied.version()));
  }

  @GET
  @Operation(summary = "Pipelines, newest first")
  public Page<Pipeline> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return Paging.page(
        pipelines.list(Paging.limit(limit), Paging.number(after)),
        limit,
        row -> String.valueOf(row.number),
        PipelineResource::body);
  }

  @GET
  @Path("{name}")
  @Operation(summary = "One pipeline")
  public Pipeline get(@PathParam("name") String name) {
    return body(pipelines.get(name));
  }

  @GET
  @Path("{name}/versions")
  @Operation(summary = "The versions of a pipeline, newest first")
  public Page<PipelineVersion> versions(
      @PathParam("name") String name,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return Paging.page(
        pipelines.versions(name, Paging.limit(limit), Paging.number(after)),
        limit,
        version -> String.valueOf(version.version()),
        PipelineResource::body);
  }

  @GET
  @Path("{name}/versions/{version}")
  @Operation(summary = "One version of a pipeline")
  public PipelineVersion version(
      @PathParam("name") String name, @PathParam("version") int version) {
    return body(pipelines.version(name, version));
  }

  /// Every file a task lists must have been sent along, with its content.
  private void checkFiles(PipelineSpec spec, List<DataRef.FileRef> files) throws IOException {
    var errors = new ArrayList<Problem.Violation>();
    spec.tasks()
        .forEach((name, task) -> {
          for (var path : task.files()) {
            if (files.stream().noneMatch(file -> path.equals(file.path()))) {
              errors.add(
                  new Problem.Violation(
                      "FILE_MISSING",
                      "The file '" + path + "' of task '" + name + "' was not sent along.",
                      "tasks." + name + ".files",
                      null,
                      null,
                      "Upload it with PUT /api/v1/blobs/{digest} and name it under 'files'."));
            }
          }
        });
    for (var file : files) {
      if (file.digest() == null || !blobs.renew(file.digest())) {
        errors.add(
            new Problem.Violation(
                "FILE_MISSING",
                "The content of '" + file.path() + "' (" + file.digest() + ") was not uploaded.",
                "files",
                null,
                null,
                "Upload it with PUT /api/v1/blobs/{digest}."));
      }
    }
    if (!errors.isEmpty()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PIPELINE_INVALID,
              "Pipeline '" + spec.name() + "' lacks files it needs.",
              errors));
    }
  }

  private static Pipeline body(PipelineRow row) {
    return new Pipeline(row.name, row.description, row.latestVersion, row.createdAt, row.updatedAt);
  }

  private static PipelineVersion body(StoredVersion version) {
    var params = new LinkedHashMap<String, PipelineVersion.Param>();
    version
        .spec()
        .params()
        .forEach((name, param) ->
            params.put(
                name,
                new PipelineVersion.Param(
                    param.type(), param.defaultValue(), param.description())));
    var nodes =
        version.spec().tasks().values().stream()
            .map(task ->
                new PipelineVersion.Node(
                    task.name(),
                    task.work().label(),
                    task.needs(),
                    task.when() == null ? null : task.when().source()))
            .toList();
    return new PipelineVersion(
        version.pipeline(),
        version.version(),
        version.digest(),
        version.source(),
        params,
        nodes,
        version.files(),
        version.createdAt());
  }
}

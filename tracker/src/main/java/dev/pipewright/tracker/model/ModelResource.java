package dev.pipewright.tracker.model;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.RegisterModel;
import dev.pipewright.contract.api.RegisteredModel;
import dev.pipewright.contract.task.DataRef;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/models")
@Tag(name = "Models")
@RunOnVirtualThread
class ModelResource {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._ -]{0,249}");

  private final ModelStore models;
  private final Blobs blobs;

  ModelResource(ModelStore models, Blobs blobs) {
    this.models = models;
    this.blobs = blobs;
  }

  @GET
  @Operation(summary = "Registered models, newest first")
  public Page<RegisteredModel> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return models.models(Paging.limit(limit), Paging.number(after));
  }

  @GET
  @Path("{name}")
  @Operation(summary = "One registered model")
  public RegisteredModel get(@PathParam("name") String name) {
    return models.model(name);
  }

  @GET
  @Path("{name}/versions")
  @Operation(summary = "The versions of a model, newest first")
  public Page<ModelVersion> versions(
      @PathParam("name") String name,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return models.versions(name, Paging.limit(limit), Paging.number(after));
  }

  @GET
  @Path("{name}/versions/{version}")
  @Operation(summary = "One version of a model")
  public ModelVersion version(@PathParam("name") String name, @PathParam("version") int version) {
    return models.version(name, version);
  }

  @POST
  @Path("{name}/versions")
  @Operation(
      summary = "Register a logged model as the next version",
      description = "201 for a new version; 200 for a repeated request.")
  public RestResponse<ModelVersion> register(
      @PathParam("name") String name,
      @HeaderParam("Idempotency-Key") @Nullable String idempotencyKey,
      RegisterModel request)
      throws IOException {
    check(name, request);
    var registered = models.register(name, request, idempotencyKey);
    return RestResponse.status(
        registered.created() ? RestResponse.Status.CREATED : RestResponse.Status.OK,
        models.version(name, registered.version()));
  }

  private void check(String name, @Nullable RegisterModel request) throws IOException {
    var errors = new ArrayList<Problem.Violation>();
    if (!NAME.matcher(name).matches()) {
      errors.add(
          violation(
              "name",
              "'"
                  + name
                  + "' is not a model name; use letters, digits, '.', '_', '-' and spaces, 250 at most."));
    }
    if (request == null || request.model() == null) {
      errors.add(violation("model", "The model is missing."));
    } else {
      var model = request.model();
      if (model.kind() != DataRef.Kind.MODEL
          || model.modelId() == null
          || model.runId() == null
          || model.digest() == null) {
        errors.add(
            violation(
                "model", "It must be a reference of kind 'model' with a modelId and a runId."));
      }
      for (var file : model.files()) {
        if (file.digest() == null || !blobs.renew(file.digest())) {
          errors.add(
              violation(
                  "model.files",
                  "The content of '"
                      + file.path()
                      + "' ("
                      + file.digest()
                      + ") was not uploaded."));
        }
      }
      if (request.flavor() == null
          || request.flavor().isEmpty()
          || request.flavor().indexOf('\0') >= 0) {
        errors.add(violation("flavor", "The flavor is missing; it says what can load the model."));
      }
    }
    if (!errors.isEmpty()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.BAD_REQUEST, "The model cannot be registered.", List.copyOf(errors)));
    }
  }

  private static Problem.Violation violation(String path, String message) {
    return new Problem.Violation("INVALID_VALUE", message, path, null, null, null);
  }
}

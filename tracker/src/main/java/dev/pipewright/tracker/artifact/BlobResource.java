package dev.pipewright.tracker.artifact;

import dev.pipewright.platform.Blobs;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/blobs/{digest}")
@Tag(name = "Blobs")
@RunOnVirtualThread
class BlobResource {
  private final Blobs blobs;

  BlobResource(Blobs blobs) {
    this.blobs = blobs;
  }

  @PUT
  @Consumes(MediaType.APPLICATION_OCTET_STREAM)
  @Operation(
      summary = "Store a blob under its digest",
      description = "201 when it is new, 200 when it was there.")
  public Response put(@PathParam("digest") String digest, InputStream content) throws IOException {
    return Response.status(blobs.put(digest, content).created() ? 201 : 200).build();
  }

  @HEAD
  @Operation(
      summary = "Whether a blob is there",
      description = "One that is there is kept as long as if it had been uploaded now.")
  public Response exists(@PathParam("digest") String digest) throws IOException {
    return Response.status(blobs.renew(digest) ? 200 : 404).build();
  }

  @GET
  @Operation(summary = "The content of a blob")
  public Response get(
      @PathParam("digest") String digest,
      @QueryParam("filename") @Nullable String filename,
      @HeaderParam("Range") @Nullable String range,
      @HeaderParam("If-None-Match") @Nullable String known)
      throws IOException {
    return Download.of(blobs, digest, MediaType.APPLICATION_OCTET_STREAM, filename, range, known);
  }
}

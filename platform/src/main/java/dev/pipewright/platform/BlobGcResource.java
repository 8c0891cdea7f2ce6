package dev.pipewright.platform;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import java.io.IOException;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1/gc")
@Tag(name = "Blobs")
@RunOnVirtualThread
class BlobGcResource {
  private final BlobGc gc;

  BlobGcResource(BlobGc gc) {
    this.gc = gc;
  }

  @POST
  @Operation(
      summary = "Delete the blobs that nothing refers to",
      description = "Happens daily too. With `dryRun=true` they are only counted.")
  public BlobGc.Outcome collect(@QueryParam("dryRun") @DefaultValue("false") boolean dryRun)
      throws IOException {
    return gc.collect(dryRun);
  }
}

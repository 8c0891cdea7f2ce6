package dev.pipewright.tracker.webhook;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/webhooks")
@Tag(name = "Webhooks")
@RunOnVirtualThread
class WebhookResource {
  private final WebhookStore store;
  private final DeliveryLoop loop;

  WebhookResource(WebhookStore store, DeliveryLoop loop) {
    this.store = store;
    this.loop = loop;
  }

  @GET
  @Path("{webhookId}/deliveries")
  @Operation(
      summary = "What a webhook was told, newest first",
      description = "Those that ended are kept for seven days.")
  public Page<Delivery> deliveries(
      @PathParam("webhookId") String webhookId,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    var id = id(webhookId);
    if (id == null || store.find(id).isEmpty()) {
      throw new ProblemException(
          ProblemCode.WEBHOOK_NOT_FOUND, "There is no webhook " + webhookId + ".");
    }
    return store.deliveries(id, Paging.limit(limit), Paging.number(after));
  }

  @POST
  @Path("deliveries/{deliveryId}/replay")
  @Operation(
      summary = "Send a delivery that ended once more",
      description = "It keeps its id, by which the receiver can tell that it is the same.")
  public void replay(@PathParam("deliveryId") String deliveryId) {
    var id = id(deliveryId);
    var replay = id == null ? WebhookStore.Replay.NO_SUCH_DELIVERY : store.replay(id);
    switch (replay) {
      case STARTED -> loop.wake();
      case STILL_PENDING ->
          throw new ProblemException(
              ProblemCode.DELIVERY_PENDING,
              "The delivery " + deliveryId + " has not ended yet; it is still being tried.");
      case NO_SUCH_DELIVERY ->
          throw new ProblemException(
              ProblemCode.DELIVERY_NOT_FOUND, "There is no delivery " + deliveryId + ".");
    }
  }

  private static @Nullable UUID id(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}

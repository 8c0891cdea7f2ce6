package dev.pipewright.tracker.ingest;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.DeadLetter;
import dev.pipewright.contract.api.DeadLettersReplayed;
import dev.pipewright.contract.api.Page;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/dead-letters")
@Tag(name = "Dead letters")
@RunOnVirtualThread
class DeadLetterResource {
  private final DeadLetterStore store;
  private final DeadLetters letters;

  DeadLetterResource(DeadLetterStore store, DeadLetters letters) {
    this.store = store;
    this.letters = letters;
  }

  @GET
  @Operation(
      summary = "Run events that could not be stored",
      description = "Newest first, each with the reason it was refused for the last time.")
  public Page<DeadLetter> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    int most = Paging.limit(limit);
    return Paging.page(
        store.list(Paging.number(after), most + 1),
        most,
        letter -> Long.toString(letter.id()),
        letter -> letter);
  }

  @POST
  @Path("replay")
  @Operation(
      summary = "Try again to store all of them",
      description =
          "Oldest first. What is stored is removed; what is refused stays, with the new reason.")
  public DeadLettersReplayed replayAll() {
    return letters.replayAll();
  }

  @POST
  @Path("{id}/replay")
  @Operation(
      summary = "Try again to store one",
      description =
          "It is stored as if it came now, and removed. When it is refused, it stays with the new"
              + " reason.")
  public void replay(@PathParam("id") long id) {
    letters
        .replay(id)
        .ifPresent(reason -> {
          throw new ProblemException(
              ProblemCode.DEAD_LETTER_REFUSED,
              "The dead letter " + id + " was refused again: " + reason + ".");
        });
  }

  @DELETE
  @Path("{id}")
  @Operation(summary = "Give one up")
  public void delete(@PathParam("id") long id) {
    if (!store.delete(id)) {
      throw DeadLetters.notFound(id);
    }
  }
}

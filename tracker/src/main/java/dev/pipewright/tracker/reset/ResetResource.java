package dev.pipewright.tracker.reset;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1/test/reset")
@Tag(name = "Tests")
@RunOnVirtualThread
class ResetResource {
  private final ResetStore store;
  private final boolean enabled;

  ResetResource(
      ResetStore store,
      @ConfigProperty(name = "pipewright.test.reset", defaultValue = "false") boolean enabled) {
    this.store = store;
    this.enabled = enabled;
  }

  @POST
  @Operation(
      summary = "Empty the tracker",
      description =
          "For test suites that need a new server for each case: deletes every experiment, run,"
              + " model, trace and webhook. Answers 404 unless the server was started with"
              + " PIPEWRIGHT_TEST_RESET=true.")
  public void reset() {
    if (!enabled) {
      throw new ProblemException(
          ProblemCode.NOT_FOUND,
          "This server does not empty itself.",
          "Start a server for tests with PIPEWRIGHT_TEST_RESET=true.");
    }
    store.reset();
  }
}

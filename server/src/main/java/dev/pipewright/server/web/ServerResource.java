package dev.pipewright.server.web;

import dev.pipewright.contract.api.ServerInfo;
import dev.pipewright.platform.PlatformConfig;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

@Path("/api/v1/server")
@Tag(name = "Server")
@RunOnVirtualThread
class ServerResource {
  private final PlatformConfig config;
  private final String version;

  ServerResource(
      PlatformConfig config, @ConfigProperty(name = "quarkus.application.version") String version) {
    this.config = config;
    this.version = version;
  }

  @GET
  @Operation(summary = "What is running")
  public ServerInfo get() {
    return new ServerInfo(
        version,
        List.of("orchestrator", "tracker"),
        config.home().toString(),
        ProcessHandle.current().pid());
  }
}

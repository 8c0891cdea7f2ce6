package dev.pipewright.server.web;

import dev.pipewright.contract.ProblemCode;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;

/// Where a problem's `type` leads.
@Path("/docs/problems")
class ProblemsPage {
  @GET
  @Produces(MediaType.TEXT_HTML)
  @Operation(hidden = true)
  public String page() {
    return Arrays.stream(ProblemCode.values())
        .map(code ->
            "<dt id=\"%1$s\"><code>%1$s</code> (%2$d)</dt><dd>%3$s. %4$s</dd>"
                .formatted(code.name(), code.status(), escape(code.title()), escape(code.remedy())))
        .collect(
            Collectors.joining(
                "\n",
                "<!doctype html><meta charset=utf-8><title>Pipewright: problem codes</title>"
                    + "<style>body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem;"
                    + "color-scheme:light dark}dt{margin-top:1rem}:target{background:#fe08}</style>"
                    + "<h1>Problem codes</h1><dl>",
                "</dl>"));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}

package dev.pipewright.orchestrator.trigger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Trigger;
import dev.pipewright.contract.api.TriggerSpec;
import dev.pipewright.orchestrator.fire.Fields;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.trigger.TriggerStore.Row;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.time.Clock;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/triggers")
@Tag(name = "Triggers")
@RunOnVirtualThread
class TriggerResource {
  private final Db db;
  private final TriggerStore triggers;
  private final FireStore fires;
  private final Fires starts;
  private final HookSecrets secrets;
  private final Clock clock;

  TriggerResource(
      Db db,
      TriggerStore triggers,
      FireStore fires,
      Fires starts,
      HookSecrets secrets,
      Clock clock) {
    this.db = db;
    this.triggers = triggers;
    this.fires = fires;
    this.starts = starts;
    this.secrets = secrets;
    this.clock = clock;
  }

  @PUT
  @Path("{name}")
  @Operation(
      summary = "Make a trigger or change it",
      description =
          "201 for a new one. A hook's secret is kept encrypted and never shown; left out, it stays.")
  public RestResponse<Trigger> apply(
      @PathParam("name") String name,
      @RequestBody(content = @Content(schema = @Schema(implementation = TriggerSpec.class)))
          @Nullable JsonNode body) {
    var fields = Fields.of(body);
    fields.checkName("trigger", name);
    var rules = TriggerRules.read(fields);
    var event = rules.source().event();
    boolean hook = event.equals(TriggerRules.HOOK);
    var now = clock.instant();
    var known = triggers.find(name);
    if (hook && rules.secret() == null && known.map(Row::secret).isEmpty()) {
      fields.error(
          "MISSING_KEY",
          "hook.secret",
          "the hook has no secret",
          "Make one with: openssl rand -hex 32");
    }
    starts.check(fields, rules.pipeline(), rules.version(), rules.params(), null);
    fields.require(ProblemCode.TRIGGER_INVALID, "The trigger '" + name + "'");
    var secret = rules.secret() == null ? null : secrets.seal(name, rules.secret());
    var spec = body.<ObjectNode>deepCopy();
    spec.remove("paused");
    if (spec.get("hook") instanceof ObjectNode stored) {
      stored.remove("secret");
    }
    boolean created =
        db.inTransaction(tx -> {
          var before = triggers.lock(tx, name);
          boolean paused =
              body.path("paused").isBoolean()
                  ? body.path("paused").booleanValue()
                  : before.map(Row::paused).orElse(false);
          if (before.isEmpty()) {
            if (triggers.create(tx, name, spec, event, paused, secret, now)) {
              return true;
            }
            // Somebody was faster; what they made is changed.
            before = triggers.lock(tx, name);
          }
          var row = before.orElseThrow(() -> notFound(name));
          triggers.update(tx, row.number(), spec, event, paused, secret, now);
          return false;
        });
    return RestResponse.status(
        created ? RestResponse.Status.CREATED : RestResponse.Status.OK, get(name));
  }

  @GET
  @Operation(summary = "Triggers, newest first")
  public Page<Trigger> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return Paging.page(
        triggers.list(Paging.limit(limit), Paging.number(after)),
        limit,
        row -> String.valueOf(row.number()),
        this::body);
  }

  @GET
  @Path("{name}")
  @Operation(summary = "One trigger")
  public Trigger get(@PathParam("name") String name) {
    return body(row(name));
  }

  @DELETE
  @Path("{name}")
  @Operation(
      summary = "Delete a trigger and its history",
      description = "Runs that it started stay; those it was about to start do not start.")
  public void delete(@PathParam("name") String name) {
    if (!triggers.delete(name)) {
      throw notFound(name);
    }
  }

  @POST
  @Path("{name}/pause")
  @Operation(
      summary = "Let a trigger start nothing for now",
      description = "What happens in the meantime is not made up for.")
  public Trigger pause(@PathParam("name") String name) {
    return pause(name, true);
  }

  @POST
  @Path("{name}/resume")
  @Operation(summary = "Let a paused trigger go on")
  public Trigger resume(@PathParam("name") String name) {
    return pause(name, false);
  }

  private Trigger pause(String name, boolean paused) {
    db.useTransaction(tx -> {
      var row = triggers.lock(tx, name).orElseThrow(() -> notFound(name));
      triggers.update(tx, row.number(), row.json(), row.event(), paused, null, clock.instant());
    });
    return get(name);
  }

  @GET
  @Path("{name}/history")
  @Operation(
      summary = "What a trigger made of what it was told, newest first",
      description = "Kept for 30 days. Messages with a wrong signature are not kept.")
  public Page<Fire> history(
      @PathParam("name") String name,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return fires.history(
        Owner.TRIGGER, row(name).number(), Paging.limit(limit), Paging.number(after));
  }

  private Row row(String name) {
    return triggers.find(name).orElseThrow(() -> notFound(name));
  }

  static ProblemException notFound(String name) {
    return new ProblemException(
        ProblemCode.TRIGGER_NOT_FOUND, "There is no trigger '" + name + "'.");
  }

  private Trigger body(Row row) {
    try {
      return new Trigger(
          row.name(),
          Json.MAPPER.treeToValue(row.json(), TriggerSpec.class),
          row.paused(),
          row.event().equals(TriggerRules.HOOK) ? "/api/v1/triggers/" + row.name() + "/hook" : null,
          fires.last(Owner.TRIGGER, row.number()),
          row.createdAt(),
          row.updatedAt());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored trigger is damaged", e);
    }
  }
}

package dev.pipewright.orchestrator.trigger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.FireState;
import dev.pipewright.contract.api.HookAnswer;
import dev.pipewright.language.CelJson;
import dev.pipewright.orchestrator.fire.FireStore;
import dev.pipewright.orchestrator.fire.FireStore.Due;
import dev.pipewright.orchestrator.fire.FireStore.NewFire;
import dev.pipewright.orchestrator.fire.FireStore.Owner;
import dev.pipewright.orchestrator.fire.FireStore.Settled;
import dev.pipewright.orchestrator.fire.Fires;
import dev.pipewright.orchestrator.trigger.Signatures.Verdict;
import dev.pipewright.orchestrator.trigger.TriggerRules.Source;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.SecretBox;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/// Where messages from outside come in. Who may start something here is told by the signature
/// alone.
@Path("/api/v1/triggers/{name}/hook")
@Tag(name = "Triggers")
@RunOnVirtualThread
class HookResource {
  private static final int LARGEST = 5 * 1024 * 1024;
  private static final String FORM = "payload=";

  /// What a sender says is compared with the machine's clock, also while ours only catches up.
  private static final Clock THE_SENDERS = Clock.systemUTC();

  /// What no mapping is to see, as it could end up in a param.
  private static final Set<String> HIDDEN =
      Set.of(
          "authorization",
          "proxy-authorization",
          "cookie",
          Signatures.GITHUB,
          "x-hub-signature",
          Signatures.GITLAB_TOKEN,
          Signatures.WEBHOOK,
          Signatures.GENERIC);

  private final Db db;
  private final TriggerStore triggers;
  private final FireStore fires;
  private final Fires starts;
  private final HookSecrets secrets;
  private final Clock clock;

  HookResource(
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

  @POST
  @Consumes(MediaType.WILDCARD)
  @Operation(
      summary = "Send a signed message to a trigger",
      description =
          "202 with the run it started, or with why it started none. A message that comes again is answered"
              + " with the same run. Signed as GitHub (X-Hub-Signature-256) or GitLab (X-Gitlab-Token, or"
              + " webhook-signature) do, or with `X-Pipewright-Signature: t=<seconds>,v1=<hex>`, the"
              + " HMAC-SHA256 of `<seconds>.<body>`.")
  public RestResponse<HookAnswer> receive(
      @PathParam("name") String name, @Context HttpHeaders httpHeaders, byte @Nullable [] content) {
    var body = content == null ? new byte[0] : content;
    if (body.length > LARGEST) {
      throw new ProblemException(
          ProblemCode.PAYLOAD_TOO_LARGE,
          "The message has %d bytes; a hook takes up to %d.".formatted(body.length, LARGEST));
    }
    var headers = headers(httpHeaders);
    var row = triggers.find(name).orElseThrow(() -> TriggerResource.notFound(name));
    var rules = TriggerRules.stored(row.json());
    if (!(rules.source() instanceof Source.Hook hook)) {
      throw new ProblemException(
          ProblemCode.TRIGGER_NOT_FOUND, "The trigger '" + name + "' has no hook.");
    }
    var delivery = verify(row, hook, headers, body);
    if (hook.kind() == HookKind.GITHUB && "ping".equals(headers.get("x-github-event"))) {
      return answer(new HookAnswer(FireState.SKIPPED, "The hook is set up.", null, null));
    }
    if (row.paused()) {
      return answer(new HookAnswer(FireState.SKIPPED, "The trigger is paused.", null, null));
    }
    // An id may be of any length.
    var key = "trigger:%s/%d:%s".formatted(name, row.number(), Digests.of(delivery));
    return answer(fire(row, rules, key, headers, body));
  }

  private String verify(
      TriggerStore.Row row, Source.Hook hook, Map<String, String> headers, byte[] body) {
    var sealed = row.secret();
    if (sealed == null) {
      throw new ProblemException(
          ProblemCode.HOOK_SIGNATURE_INVALID, "The trigger '" + row.name() + "' has no secret.");
    }
    try {
      var secret = secrets.open(row.name(), sealed);
      return switch (Signatures.check(
          hook.kind(), secret, headers, body, THE_SENDERS.instant(), hook.tolerance())) {
        case Verdict.Good(var delivery) -> delivery;
        case Verdict.Bad(var why) ->
            throw new ProblemException(ProblemCode.HOOK_SIGNATURE_INVALID, why);
      };
    } catch (SecretBox.WrongKey e) {
      throw new ProblemException(ProblemCode.INTERNAL, String.valueOf(e.getMessage()), e);
    }
  }

  private HookAnswer fire(
      TriggerStore.Row row,
      TriggerRules rules,
      String key,
      Map<String, String> headers,
      byte[] body) {
    var now = clock.instant();
    NewFire fire;
    try {
      Map<String, Object> variables =
          Map.of("body", CelJson.toCel(json(body)), "headers", visible(headers));
      var origin =
          Map.<String, JsonNode>of(
              "by", TextNode.valueOf("hook"), "trigger", TextNode.valueOf(row.name()));
      // Held by this request, and taken up by the loop if this server ends before it is settled.
      fire =
          Triggers.decide(row.number(), rules, key, now, variables, origin, now.plus(Fires.LEASE));
    } catch (JsonProcessingException e) {
      fire = NewFire.settled(Owner.TRIGGER, row.number(), key, now, Settled.refused(notJson(e)));
    }
    var decided = fire;
    // What started nothing before may start something now, with a trigger that was corrected.
    var number =
        db.inTransaction(tx -> {
          fires.forget(tx, key);
          return fires.add(tx, decided, now);
        });
    if (number.isEmpty()) {
      return repeated(key);
    }
    var settled = decided.settled();
    if (settled == null) {
      settled = starts.start(due(number, decided));
    }
    return settled(settled);
  }

  private static Due due(Optional<Long> number, NewFire fire) {
    var wanted = fire.wanted();
    if (wanted == null) {
      throw new IllegalStateException("an occasion that is to start wants nothing");
    }
    return new Due(number.orElseThrow(), fire.key(), fire.time(), wanted.json(), null, null, null);
  }

  private HookAnswer repeated(String key) {
    var before = db.read(handle -> fires.find(handle, key));
    return before
        .map(fire -> answer(fire.state(), fire.reason(), fire))
        .orElseGet(() ->
            new HookAnswer(FireState.PLANNED, "The message is being dealt with.", null, null));
  }

  private static HookAnswer answer(FireState state, @Nullable String reason, Fire fire) {
    return new HookAnswer(state, reason, fire.runId(), run(fire.runId()));
  }

  private static @Nullable String run(@Nullable String id) {
    return id == null ? null : "/api/v1/pipeline-runs/" + id;
  }

  private static HookAnswer settled(@Nullable Settled settled) {
    if (settled == null) {
      return new HookAnswer(FireState.PLANNED, null, null, null);
    }
    if (settled.state() == FireState.REFUSED && settled.code() != null) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.valueOf(settled.code()),
              String.valueOf(settled.reason()),
              settled.errors()));
    }
    var run = settled.run() == null ? null : settled.run().toString();
    return new HookAnswer(settled.state(), settled.reason(), run, run(run));
  }

  private static RestResponse<HookAnswer> answer(HookAnswer answer) {
    var builder = RestResponse.ResponseBuilder.create(RestResponse.Status.ACCEPTED, answer);
    if (answer.run() != null) {
      builder.header("Location", answer.run());
    }
    return builder.build();
  }

  private static Map<String, String> headers(HttpHeaders headers) {
    var flat = new TreeMap<String, String>();
    headers
        .getRequestHeaders()
        .forEach(
            (name, values) -> flat.put(name.toLowerCase(Locale.ROOT), String.join(",", values)));
    return flat;
  }

  private static Map<String, String> visible(Map<String, String> headers) {
    var visible = new TreeMap<>(headers);
    visible.keySet().removeAll(HIDDEN);
    return visible;
  }

  /// The body; GitHub may send its JSON within a form.
  private static JsonNode json(byte[] body) throws JsonProcessingException {
    var text = new String(body, StandardCharsets.UTF_8);
    if (text.startsWith(FORM)) {
      try {
        text = URLDecoder.decode(text.substring(FORM.length()), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        text = "";
      }
    }
    // A NUL cannot be kept, and says nothing.
    return Json.MAPPER.readTree(text.replace("\\u0000", "\\ufffd"));
  }

  private static Problem notJson(JsonProcessingException e) {
    var at = e.getLocation();
    var violation =
        new Problem.Violation(
            "INVALID_JSON",
            e.getOriginalMessage(),
            "body",
            at == null ? null : at.getLineNr(),
            at == null ? null : at.getColumnNr(),
            "Let the sender send application/json.");
    return Problem.of(
        ProblemCode.TRIGGER_MAPPING_FAILED, "The message is not JSON.", List.of(violation));
  }
}

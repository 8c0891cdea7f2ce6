package dev.pipewright.tracker.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.platform.SecretBox.WrongKey;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Sends one message to one address, once. Vert.x's client connects to a given address while it
/// speaks to a host by name; the client of the JDK would look the name up again after it was
/// checked. Redirects are not followed: they lead elsewhere.
@ApplicationScoped
class WebhookSender {
  private static final int TIMEOUT_SECONDS = 30;
  private static final int CONNECT_SECONDS = 10;
  private static final int LONGEST_BODY = 4096;

  private final WebhookTarget targets;
  private final SecretBox secrets;
  private final InstantSource clock;
  private final HttpClient http;

  @Inject
  WebhookSender(WebhookTarget targets, SecretBox secrets, Clock clock, Vertx vertx) {
    this(targets, secrets, (InstantSource) clock, vertx);
  }

  WebhookSender(WebhookTarget targets, SecretBox secrets, InstantSource clock, Vertx vertx) {
    this.targets = targets;
    this.secrets = secrets;
    this.clock = clock;
    this.http =
        vertx.createHttpClient(
            new HttpClientOptions()
                // Rarely is the same receiver told twice in a row; a closed connection is no
                // failure.
                .setKeepAlive(false)
                .setConnectTimeout((int) TimeUnit.SECONDS.toMillis(CONNECT_SECONDS)));
  }

  /// @param secret encrypted; null for none
  record Message(
      UUID id,
      UUID webhookId,
      String url,
      byte @Nullable [] secret,
      WebhookEvent event,
      Instant happenedAt,
      String data) {}

  /// What came of it.
  sealed interface Outcome {
    /// @param body its beginning
    /// @param retryAfter as the receiver asks; null when it does not
    record Answered(int status, String body, @Nullable Duration retryAfter) implements Outcome {}

    /// No answer came; another attempt may get one.
    record Unreachable(String why) implements Outcome {}

    /// It was not sent and never can be.
    record Impossible(String why) implements Outcome {}
  }

  Outcome send(Message message) throws InterruptedException {
    WebhookTarget.Target target;
    RequestOptions request;
    var payload = payload(message);
    try {
      target = targets.of(message.url);
      request = request(target, message, payload);
    } catch (WebhookTarget.Refused e) {
      // A name server that is away looks the same as a name that is gone.
      return new Outcome.Unreachable(text(e));
    } catch (WrongKey e) {
      return new Outcome.Impossible(text(e));
    }
    var answer =
        http.request(request)
            .compose(sent -> sent.send(Buffer.buffer(payload)).compose(this::read))
            .toCompletionStage()
            .toCompletableFuture();
    try {
      return answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      return new Outcome.Unreachable("No answer within " + TIMEOUT_SECONDS + " seconds.");
    } catch (ExecutionException e) {
      return new Outcome.Unreachable(text(e.getCause() == null ? e : e.getCause()));
    }
  }

  private static String text(Throwable failure) {
    var message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  private RequestOptions request(WebhookTarget.Target target, Message message, byte[] payload)
      throws WrongKey {
    var uri = target.uri();
    var path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    var timestamp = String.valueOf(clock.instant().getEpochSecond());
    var request =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setServer(
                SocketAddress.inetSocketAddress(target.port(), target.address().getHostAddress()))
            .setHost(uri.getHost())
            .setPort(target.port())
            .setSsl(target.tls())
            .setURI(uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery())
            .setTimeout(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS))
            .putHeader("Content-Type", "application/json")
            .putHeader("X-MLflow-Delivery-Id", message.id.toString())
            .putHeader("X-MLflow-Timestamp", timestamp);
    if (message.secret != null) {
      var key = secrets.open(message.webhookId, message.secret);
      request.putHeader("X-MLflow-Signature", signature(key, message.id, timestamp, payload));
    }
    return request;
  }

  private Future<Outcome> read(HttpClientResponse response) {
    var body = Buffer.buffer();
    response.handler(part -> {
      if (body.length() < LONGEST_BODY) {
        body.appendBuffer(part, 0, Math.min(part.length(), LONGEST_BODY - body.length()));
      }
    });
    return response
        .end()
        .map(end ->
            new Outcome.Answered(
                response.statusCode(),
                body.toString(StandardCharsets.UTF_8),
                retryAfter(response.getHeader("Retry-After"))));
  }

  /// Seconds, or a date.
  private @Nullable Duration retryAfter(@Nullable String header) {
    if (header == null) {
      return null;
    }
    if (header.strip().matches("[0-9]{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(header.strip()));
    }
    try {
      var at = DateTimeFormatter.RFC_1123_DATE_TIME.parse(header.strip(), Instant::from);
      var left = Duration.between(clock.instant(), at);
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeParseException e) {
      // A receiver that writes nonsense is tried as if it had written nothing.
      return null;
    }
  }

  private static byte[] payload(Message message) {
    try {
      var payload =
          Json.MAPPER
              .createObjectNode()
              .put("entity", message.event.entity().toLowerCase(Locale.ROOT))
              .put("action", message.event.action().toLowerCase(Locale.ROOT))
              .put(
                  "timestamp",
                  DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                      message.happenedAt.atOffset(ZoneOffset.UTC)))
              .set("data", Json.MAPPER.readTree(message.data));
      return Json.MAPPER.writeValueAsBytes(payload);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a webhook's stored data is damaged", e);
    }
  }

  /// `v1,` and the signature of id, time and payload, with dots between them.
  static String signature(byte[] secret, UUID id, String timestamp, byte[] payload) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(payload));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK can sign", e);
    }
  }
}

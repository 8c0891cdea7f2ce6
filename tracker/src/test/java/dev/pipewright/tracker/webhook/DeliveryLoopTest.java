package dev.pipewright.tracker.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.pipewright.contract.Json;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.webhook.WebhookStore.Definition;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;

class DeliveryLoopTest {
  private static final WebhookEvent CREATED = new WebhookEvent("RUN", "CREATED");

  record Received(String id, String timestamp, String signature, String body) {}

  @TempDir Path home;
  private final Queue<Received> received = new ConcurrentLinkedQueue<>();
  private final Queue<Integer> answers = new ConcurrentLinkedQueue<>();
  private Db db;
  private WebhookStore store;
  private SecretBox secrets;
  private DeliveryLoop loop;
  private HttpServer server;
  private Vertx vertx;

  @BeforeEach
  void open() throws IOException {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    store = WebhookStore.on(db);
    secrets = new SecretBox(home);
    vertx = Vertx.vertx();
    var sender =
        new WebhookSender(new WebhookTarget(false, false), secrets, Clock.systemUTC(), vertx);
    loop = new DeliveryLoop(store, sender);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          var headers = exchange.getRequestHeaders();
          received.add(
              new Received(
                  headers.getFirst("X-MLflow-Delivery-Id"),
                  headers.getFirst("X-MLflow-Timestamp"),
                  headers.getFirst("X-MLflow-Signature"),
                  new String(exchange.getRequestBody().readAllBytes(), UTF_8)));
          var status = answers.poll();
          var body = "said".getBytes(UTF_8);
          exchange.sendResponseHeaders(status == null ? 200 : status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void close() {
    server.stop(0);
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private UUID webhook(String secret) {
    var id = UUID.randomUUID();
    var url = "http://127.0.0.1:" + server.getAddress().getPort() + "/hook?a=b";
    store.create(
        id,
        new Definition("hook", null, url, List.of(CREATED), null),
        secret.isEmpty() ? null : secrets.seal(id, secret));
    return id;
  }

  private void happen() {
    db.useTransaction(tx -> store.emit(tx, "RUN", "CREATED", Map.of("run_id", "r")));
  }

  private Delivery only(UUID webhook) {
    var all = store.deliveries(webhook, 10, null).items();
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  private void dueNow() {
    db.useTransaction(
        tx -> tx.execute("update tracker.webhook_delivery set next_attempt_at = now()"));
  }

  private Delivery step(UUID webhook, int attempts) {
    loop.step();
    await()
        .until(() -> {
          var delivery = only(webhook);
          return delivery.attempts() == attempts
              && (delivery.responseStatus() != null || delivery.error() != null);
        });
    return only(webhook);
  }

  @Test
  void aReceiverIsToldInTheProtocolsForm() throws Exception {
    var hook = webhook("s3cret");
    happen();
    var delivery = step(hook, 1);
    assertThat(delivery.state()).isEqualTo("DELIVERED");
    assertThat(delivery.responseBody()).isEqualTo("said");
    var got = received.remove();
    assertThat(got.id).isEqualTo(delivery.id().toString());
    assertThat(got.signature)
        .isEqualTo(
            WebhookSender.signature(
                "s3cret".getBytes(UTF_8), delivery.id(), got.timestamp, got.body.getBytes(UTF_8)));
    var body = Json.MAPPER.readTree(got.body);
    assertThat(body.path("entity").textValue()).isEqualTo("run");
    assertThat(body.path("action").textValue()).isEqualTo("created");
    assertThat(body.path("timestamp").textValue()).endsWith("Z");
    assertThat(body.path("data").path("run_id").textValue()).isEqualTo("r");
  }

  @Test
  void whatNobodyListensForIsNotKept() {
    var hook = webhook("");
    db.useTransaction(tx -> store.emit(tx, "RUN", "DELETED", Map.of()));
    assertThat(store.deliveries(hook, 10, null).items()).isEmpty();
    assertThat(store.isHeard("RUN", "CREATED")).isTrue();
    assertThat(store.isHeard("RUN", "DELETED")).isFalse();
    store.delete(hook);
    assertThat(store.isHeard("RUN", "CREATED")).isFalse();
  }

  @Test
  void aReceiverInTroubleIsTriedAgainUnderTheSameId() {
    var hook = webhook("");
    happen();
    answers.addAll(List.of(503, 429, 200));
    var first = step(hook, 1);
    assertThat(first.state()).isEqualTo("PENDING");
    assertThat(first.nextAttemptAt()).isNotNull();
    assertThat(first.error()).isEqualTo("The receiver answered 503.");
    dueNow();
    step(hook, 2);
    dueNow();
    loop.step();
    await().until(() -> only(hook).state().equals("DELIVERED"));
    assertThat(received).extracting(Received::id).containsOnly(first.id().toString()).hasSize(3);
    assertThat(received).extracting(Received::signature).containsOnlyNulls();
  }

  @Test
  void aRefusalIsFinalUntilItIsReplayed() {
    var hook = webhook("");
    happen();
    answers.add(400);
    var refused = step(hook, 1);
    assertThat(refused.state()).isEqualTo("FAILED");
    assertThat(store.replay(UUID.randomUUID())).isEqualTo(WebhookStore.Replay.NO_SUCH_DELIVERY);
    assertThat(store.replay(refused.id())).isEqualTo(WebhookStore.Replay.STARTED);
    assertThat(store.replay(refused.id())).isEqualTo(WebhookStore.Replay.STILL_PENDING);
    assertThat(step(hook, 1).state()).isEqualTo("DELIVERED");
    assertThat(received).extracting(Received::id).containsOnly(refused.id().toString()).hasSize(2);
  }

  /// A server that ends between taking a delivery and hearing of its end leaves just this behind.
  @Test
  void whatAServerWasSendingWhenItEndedIsSentAgain() {
    var hook = webhook("");
    happen();
    var taken = store.claim(10, 10, List.of(), Duration.ofMinutes(2));
    assertThat(taken).hasSize(1);
    loop.step();
    assertThat(only(hook).attempts()).isEqualTo(1);
    // Time passes.
    dueNow();
    assertThat(step(hook, 2).state()).isEqualTo("DELIVERED");
    assertThat(received.remove().id()).isEqualTo(taken.getFirst().id().toString());
  }

  @Test
  void oneReceiverDoesNotTakeEverything() {
    var hook = webhook("");
    var other = webhook("");
    for (int i = 0; i < 20; i++) {
      happen();
    }
    var taken = store.claim(10, 4, List.of(), Duration.ofMinutes(2));
    assertThat(taken).hasSize(8);
    assertThat(taken).extracting(WebhookStore.Due::webhookId).contains(hook, other);
    assertThat(store.claim(10, 4, List.of(hook), Duration.ofMinutes(2)))
        .extracting(WebhookStore.Due::webhookId)
        .containsOnly(other);
  }

  @Test
  void aDisabledWebhookIsNotToldAndOldDeliveriesGo() {
    var hook = webhook("");
    happen();
    store.update(hook, new Definition(null, null, null, null, "DISABLED"), false, null);
    assertThat(store.claim(10, 4, List.of(), Duration.ZERO)).isEmpty();
    assertThat(store.deleteOld(Duration.ofDays(7), 10)).isZero();
    db.useTransaction(tx ->
        tx.execute("update tracker.webhook_delivery set created_at = now() - interval '8 days'"));
    assertThat(store.deleteOld(Duration.ofDays(7), 10)).isEqualTo(1);
  }
}

package dev.pipewright.tracker.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.pipewright.contract.Json;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.trace.Assessment.Kind;
import dev.pipewright.tracker.trace.OtlpSpans.Malformed;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.trace.v1.Span.Event;
import io.opentelemetry.proto.trace.v1.Status;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

class TraceStoreTest {
  private static final String HEX = "0123456789abcdef0123456789abcdef";
  private static final String ID = "tr-" + HEX;
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private Db db;
  private TraceStore traces;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    traces = TraceStore.on(db);
  }

  private static ByteString bytes(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  private static AnyValue text(String text) {
    return AnyValue.newBuilder().setStringValue(text).build();
  }

  private static io.opentelemetry.proto.trace.v1.Span.Builder span(int id, int parent) {
    var span =
        io.opentelemetry.proto.trace.v1.Span.newBuilder()
            .setTraceId(bytes(HEX))
            .setSpanId(bytes("%016x".formatted(id)))
            .setName("step " + id)
            .setStartTimeUnixNano(id * 1_000_000_000L)
            .setEndTimeUnixNano(id * 1_000_000_000L + 500_000_000);
    return parent == 0 ? span : span.setParentSpanId(bytes("%016x".formatted(parent)));
  }

  private static byte[] request(io.opentelemetry.proto.trace.v1.Span.Builder... spans) {
    var request = ExportTraceServiceRequest.newBuilder();
    var scope = request.addResourceSpansBuilder().addScopeSpansBuilder();
    for (var span : spans) {
      scope.addSpans(span);
    }
    return request.build().toByteArray();
  }

  private void add(io.opentelemetry.proto.trace.v1.Span.Builder... spans) {
    var batch = OtlpSpans.ofProtobuf(request(spans));
    db.useTransaction(tx -> traces.addSpans(tx, 0, batch, id -> "mlflow-artifacts:/0/" + id));
  }

  private TraceInfo trace() {
    return traces.find(ID).orElseThrow();
  }

  private static void attribute(
      io.opentelemetry.proto.trace.v1.Span.Builder span, String key, AnyValue value) {
    span.addAttributes(KeyValue.newBuilder().setKey(key).setValue(value));
  }

  private static AnyValue tokens(long input, long output) {
    return AnyValue.newBuilder()
        .setKvlistValue(
            KeyValueList.newBuilder()
                .addValues(number("input_tokens", input))
                .addValues(number("output_tokens", output))
                .addValues(number("total_tokens", input + output)))
        .build();
  }

  private static KeyValue.Builder number(String key, long value) {
    return KeyValue.newBuilder().setKey(key).setValue(AnyValue.newBuilder().setIntValue(value));
  }

  @Test
  void spansMakeTheirTrace() {
    add(span(2, 1));
    assertThat(trace().state()).isEqualTo("IN_PROGRESS");
    assertThat(trace().requestTime()).isEqualTo(Instant.ofEpochSecond(2));
    add(span(1, 0).setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR)));
    assertThat(trace().state()).isEqualTo("ERROR");
    assertThat(trace().requestTime()).isEqualTo(Instant.ofEpochSecond(1));
    assertThat(trace().duration()).isEqualTo(1500);
    assertThat(trace().tags())
        .containsEntry(TraceInfo.SPANS_TAG, TraceInfo.SPANS_HERE)
        .containsEntry(TraceInfo.LOCATION_TAG, "mlflow-artifacts:/0/" + ID);
    assertThat(traces.spans(List.of(ID)).get(ID))
        .extracting(Span::name)
        .containsExactly("step 1", "step 2");
  }

  @Test
  void whatTheClientSaysHoldsAgainstTheSpans() {
    db.useTransaction(tx ->
        traces.start(
            tx,
            new TraceInfo(
                ID, 0, "mine", NOW, 7L, "OK", "in", null, Map.of("m", "1"), Map.of("t", "1"))));
    add(span(1, 0).setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR)));
    assertThat(trace().state()).isEqualTo("OK");
    assertThat(trace().requestTime()).isEqualTo(NOW);
    assertThat(trace().duration()).isEqualTo(7);
    assertThat(trace().requestPreview()).isEqualTo("in");
    assertThat(trace().clientRequestId()).isEqualTo("mine");
    assertThat(trace().metadata()).containsEntry("m", "1");
    assertThat(trace().tags()).containsEntry("t", "1").containsKey(TraceInfo.SPANS_TAG);
  }

  @Test
  void sumsTokensOncePerBranchOverAllBatches() {
    var leaf = span(3, 2);
    attribute(leaf, "mlflow.chat.tokenUsage", tokens(5, 1));
    add(leaf);
    assertThat(trace().metadata().get(TraceInfo.USAGE_METADATA)).contains("\"total_tokens\":6");
    var parent = span(2, 1);
    attribute(parent, "mlflow.chat.tokenUsage", tokens(10, 2));
    var other = span(4, 1);
    attribute(other, "mlflow.chat.tokenUsage", tokens(1, 1));
    add(span(1, 0), parent, other);
    assertThat(trace().metadata().get(TraceInfo.USAGE_METADATA))
        .isEqualTo("{\"input_tokens\":11,\"output_tokens\":3,\"total_tokens\":14}");
  }

  @Test
  void aSpanThatComesAgainReplacesTheOneBefore() {
    add(span(1, 0), span(1, 0).setName("last"));
    add(span(1, 0).setName("newest"));
    assertThat(traces.spans(List.of(ID)).get(ID)).extracting(Span::name).containsExactly("newest");
  }

  @Test
  void storesAHundredThousandSpans() {
    var spans = new io.opentelemetry.proto.trace.v1.Span.Builder[100_000];
    for (int i = 0; i < spans.length; i++) {
      spans[i] = span(i + 1, i == 0 ? 0 : 1);
    }
    add(spans);
    assertThat(traces.spans(List.of(ID)).get(ID)).hasSize(spans.length);
  }

  @Test
  void writesSpansAsClientsReadThem() {
    var span = span(1, 0);
    attribute(span, "fruit", text("app\0le"));
    attribute(span, "ratio", AnyValue.newBuilder().setDoubleValue(2).build());
    attribute(span, "tokens", tokens(1, 2));
    attribute(span, "nothing", AnyValue.getDefaultInstance());
    span.addEvents(Event.newBuilder().setName("seen").setTimeUnixNano(99));
    add(span);
    var read = traces.spans(List.of(ID)).get(ID).getFirst();
    assertThat(SpanJson.otlp(read))
        .hasToString(
            """
            {"trace_id":"ASNFZ4mrze8BI0VniavN7w==","span_id":"AAAAAAAAAAE=","name":"step 1",\
            "start_time_unix_nano":"1000000000","end_time_unix_nano":"1500000000","attributes":[\
            {"key":"fruit","value":{"string_value":"app\uFFFDle"}},\
            {"key":"ratio","value":{"double_value":2.0}},\
            {"key":"tokens","value":{"kvlist_value":{"values":[\
            {"key":"input_tokens","value":{"int_value":"1"}},\
            {"key":"output_tokens","value":{"int_value":"2"}},\
            {"key":"total_tokens","value":{"int_value":"3"}}]}}},\
            {"key":"nothing","value":{}},\
            {"key":"mlflow.traceRequestId","value":{"string_value":"%s"}}],\
            "events":[{"time_unix_nano":"99","name":"seen","attributes":[]}],\
            "status":{"code":"STATUS_CODE_UNSET"}}\
            """
                .formatted(ID));
    assertThat(SpanJson.file(List.of(read)).path("spans").path(0).path("attributes").path("fruit"))
        .hasToString("\"\\\"app\uFFFDle\\\"\"");
  }

  @Test
  void readsOtlpJsonWithHexadecimalIds() {
    var json =
        """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
          "scopeSpans":[{"spans":[{"traceId":"%s","spanId":"0000000000000001","name":"a",
            "startTimeUnixNano":"5","unknown":1}]}]}]}\
        """
            .formatted(HEX);
    var batch = OtlpSpans.ofJson(json.getBytes(StandardCharsets.UTF_8));
    assertThat(batch.spans()).extracting(Span::traceId).containsExactly(ID);
    assertThat(batch.resources()).containsEntry(ID, Map.of("service.name", "shop"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | no spans found",
        "[ | Invalid OpenTelemetry format",
        "{\"resourceSpans\": 5} | Invalid OpenTelemetry format",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"zz\"}]}]}]} | traceId is not hexadecimal",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"00\"}]}]}]} | trace_id has 1 bytes instead of 16"
      })
  void refusesWhatIsNoExport(String json, String message) {
    assertThatThrownBy(() -> OtlpSpans.ofJson(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(Malformed.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesBrokenProtobuf() {
    var whole = request(span(1, 0));
    var cut = Arrays.copyOf(whole, whole.length - 3);
    assertThatThrownBy(() -> OtlpSpans.ofProtobuf(cut)).isInstanceOf(Malformed.class);
    assertThatThrownBy(() -> OtlpSpans.ofProtobuf(new byte[0])).isInstanceOf(Malformed.class);
  }

  @Test
  void deletesTheOldestFirst() {
    for (int i = 1; i <= 3; i++) {
      start("t" + i, NOW.plusSeconds(i));
    }
    assertThat(traces.deleteUntil(0, NOW.plusSeconds(3), 2L)).isEqualTo(2);
    assertThat(traces.all(List.of("t1", "t2", "t3")))
        .extracting(TraceInfo::id)
        .containsExactly("t3");
    assertThat(traces.delete(1, List.of("t3"))).isZero();
    assertThat(traces.delete(0, List.of("t3"))).isEqualTo(1);
  }

  private void start(String id, Instant at) {
    db.useTransaction(tx ->
        traces.start(tx, new TraceInfo(id, 0, null, at, 0L, "OK", null, null, Map.of(), Map.of())));
  }

  @Test
  void setsAndDeletesTags() {
    start("t", NOW);
    assertThat(traces.setTag("t", "a", "1")).isTrue();
    assertThat(traces.setTag("t", "a", "2")).isTrue();
    assertThat(traces.find("t").orElseThrow().tags()).containsExactly(Map.entry("a", "2"));
    assertThat(traces.deleteTag("t", "a")).isTrue();
    assertThat(traces.deleteTag("t", "a")).isFalse();
    assertThat(traces.setTag("none", "a", "1")).isFalse();
  }

  @Test
  void keepsAssessmentsAsTheyCame() throws Exception {
    start("t", NOW);
    start("other", NOW);
    var assessments = AssessmentStore.on(db);
    var value = Json.MAPPER.readTree("{\"z\":1,\"a\":[true,null]}");
    var said =
        new Assessment(
            "a1",
            "t",
            "quality",
            Kind.FEEDBACK,
            value,
            null,
            "HUMAN",
            "me",
            null,
            "why",
            Map.of("k", "v"),
            null,
            true,
            NOW,
            NOW);
    db.useTransaction(tx -> {
      long trace = TraceStore.number(tx, "t").orElseThrow();
      long other = TraceStore.number(tx, "other").orElseThrow();
      assertThat(assessments.put(tx, trace, said)).isTrue();
      assertThat(assessments.put(tx, other, said)).isFalse();
      assertThat(AssessmentStore.setValid(tx, trace, "a1", false)).isTrue();
      assertThat(AssessmentStore.setValid(tx, other, "a1", true)).isFalse();
    });
    var found = assessments.ofTraces(List.of("t", "other"));
    assertThat(found).containsOnlyKeys("t");
    assertThat(found.get("t").getFirst().value()).hasToString(value.toString());
    assertThat(found.get("t").getFirst().valid()).isFalse();
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Digests;
import dev.pipewright.contract.Ids;
import dev.pipewright.platform.Db;
import dev.pipewright.tracker.mlflow.TraceMessages.Info;
import dev.pipewright.tracker.mlflow.TraceMessages.OldInfo;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import dev.pipewright.tracker.run.RunStore;
import dev.pipewright.tracker.search.Bindings;
import dev.pipewright.tracker.search.EntitySearchStore;
import dev.pipewright.tracker.search.FilterParser;
import dev.pipewright.tracker.search.FilterSchema;
import dev.pipewright.tracker.search.OrderBy;
import dev.pipewright.tracker.search.SqlFilter;
import dev.pipewright.tracker.trace.AssessmentStore;
import dev.pipewright.tracker.trace.Span;
import dev.pipewright.tracker.trace.SpanJson;
import dev.pipewright.tracker.trace.TraceInfo;
import dev.pipewright.tracker.trace.TraceStatisticsStore;
import dev.pipewright.tracker.trace.TraceStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Traces: what clients say of them as a whole, what they ask of them, and what belongs to them.
/// Their spans come over OpenTelemetry's own protocol, see [TraceFiles].
@ApplicationScoped
class TraceCalls implements Routes.Family {
  private static final int DEFAULT_RESULTS = 100;
  private static final int MOST_RESULTS = 500;
  private static final int MOST_LINKS = 100;
  // As long as MLflow's server waits.
  private static final Duration SPANS_COME = Duration.ofSeconds(3);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Set<String> OWN_TAGS =
      Set.of(TraceInfo.SPANS_TAG, "mlflow.trace.archiveLocation", "mlflow.trace.archivalFailure");

  private final Db db;
  private final TraceStore traces;
  private final AssessmentStore assessments;
  private final RunStore runs;
  private final EntitySearchStore search;
  private final TraceStatisticsStore statistics;
  private final Clock clock;

  TraceCalls(
      Db db,
      TraceStore traces,
      AssessmentStore assessments,
      RunStore runs,
      EntitySearchStore search,
      TraceStatisticsStore statistics,
      Clock clock) {
    this.db = db;
    this.traces = traces;
    this.assessments = assessments;
    this.runs = runs;
    this.search = search;
    this.statistics = statistics;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("3.0/mlflow/traces", this::start)
        .get("3.0/mlflow/traces/get", this::getWithSpans)
        .get("3.0/mlflow/traces/batchGet", this::batchGet)
        .post("3.0/mlflow/traces/batchGetInfos", this::batchGetInfos)
        .post("3.0/mlflow/traces/search", this::search)
        .post("3.0/mlflow/traces/delete-traces", Repeat.MAKES_ANOTHER, this::delete)
        .post("3.0/mlflow/traces/calculate-filter-correlation", this::correlation)
        .get("3.0/mlflow/traces/{trace_id}", this::get)
        .patch("3.0/mlflow/traces/{trace_id}/tags", this::setTag)
        .delete("3.0/mlflow/traces/{trace_id}/tags", Repeat.IS_REFUSED, this::deleteTag)
        .post("2.0/mlflow/traces", Repeat.MAKES_ANOTHER, this::oldStart)
        .get("2.0/mlflow/traces", this::oldSearch)
        .patch("2.0/mlflow/traces/{trace_id}", this::oldEnd)
        .get("2.0/mlflow/traces/{trace_id}/info", this::oldGet)
        .patch("2.0/mlflow/traces/{trace_id}/tags", this::setTag)
        .delete("2.0/mlflow/traces/{trace_id}/tags", Repeat.IS_REFUSED, this::deleteTag)
        .post("2.0/mlflow/traces/delete-traces", Repeat.MAKES_ANOTHER, this::delete)
        .post("2.0/mlflow/traces/link-to-run", this::linkToRun)
        .post("2.0/mlflow/traces/link-prompts", this::linkPrompts);
  }

  private record Trace(Info traceInfo, @Nullable List<ObjectNode> spans) {}

  private Object start(Call call) {
    var given = call.get("trace");
    if (given.isMissingNode()) {
      throw MlflowError.missing("trace");
    }
    var info = given.has("trace_info") ? given.path("trace_info") : given.path("traceInfo");
    var location =
        info.has("trace_location") ? info.path("trace_location") : info.path("traceLocation");
    var place =
        location.has("mlflow_experiment")
            ? location.path("mlflow_experiment")
            : location.path("mlflowExperiment");
    long experimentId =
        Rules.experimentId(
            Call.requireString(
                place,
                "experiment_id",
                "trace.trace_info.trace_location.mlflow_experiment.experiment_id"));
    var id = Call.requireString(info, "trace_id", "trace.trace_info.trace_id");
    var now = clock.instant();
    var said = new ArrayList<JsonNode>();
    info.path("assessments").forEach(said::add);
    db.useTransaction(tx -> {
      var experiment = ExperimentCalls.find(tx, experimentId);
      ExperimentCalls.active(experiment);
      traces.start(
          tx,
          TraceMessages.readInfo(info, experimentId, location(experiment.artifactLocation(), id)));
      long number = TraceStore.number(tx, id).orElseThrow();
      for (int i = 0; i < said.size(); i++) {
        AssessmentCalls.put(
            assessments,
            tx,
            number,
            TraceMessages.readAssessment(said.get(i), id, now, newId(id, i, said.get(i))));
      }
    });
    return Map.of("trace", new Trace(info(id), null));
  }

  /// The same when the request comes again.
  private static String newId(String traceId, int place, JsonNode assessment) {
    return Digests.of(traceId + '/' + place + '/' + assessment)
        .substring("sha256:".length(), "sha256:".length() + 32);
  }

  /// Where the files of a trace go.
  static String location(String ofExperiment, String traceId) {
    return RunCalls.under(ofExperiment, "traces/" + traceId + "/artifacts");
  }

  static MlflowError none(String id) {
    return MlflowError.notFound("Trace with ID '" + id + "' not found.");
  }

  private TraceInfo find(String id) {
    return traces.find(id).orElseThrow(() -> none(id));
  }

  private Info info(String id) {
    return infos(List.of(find(id))).getFirst();
  }

  private List<Info> infos(List<TraceInfo> found) {
    var said = assessments.ofTraces(found.stream().map(TraceInfo::id).toList());
    return found.stream()
        .map(trace -> TraceMessages.info(trace, said.getOrDefault(trace.id(), List.of())))
        .toList();
  }

  private Object get(Call call) {
    return Map.of("trace", new Trace(info(call.requireString("trace_id")), null));
  }

  /// Spans that are on their way are waited for, which saves a client that just made them from
  /// asking again.
  private Object getWithSpans(Call call) throws InterruptedException {
    var id = call.requireString("trace_id");
    boolean partial = Boolean.TRUE.equals(call.bool("allow_partial"));
    long end = System.nanoTime() + SPANS_COME.toNanos();
    while (true) {
      var info =
          traces
              .find(id)
              .orElseThrow(() -> MlflowError.notFound("Trace with ID " + id + " is not found."));
      var spans = traces.spans(List.of(id)).getOrDefault(id, List.of());
      if (partial || isComplete(info, spans)) {
        return Map.of("trace", new Trace(infos(List.of(info)).getFirst(), otlp(spans)));
      }
      if (System.nanoTime() > end) {
        throw MlflowError.notFound(
            "Trace with ID " + id + " is not fully exported yet, please try again later.");
      }
      Thread.sleep(LOOK);
    }
  }

  private static List<ObjectNode> otlp(List<Span> spans) {
    return spans.stream().map(SpanJson::otlp).toList();
  }

  /// Clients say how many spans a trace has; they may be on their way.
  private static boolean isComplete(TraceInfo info, List<Span> spans) {
    if (spans.isEmpty()) {
      return false;
    }
    var size = info.metadata().get(TraceInfo.SIZE_METADATA);
    return size == null || spans.size() >= spanCount(size);
  }

  private static long spanCount(String size) {
    try {
      return MlflowJson.MAPPER.readTree(size).path("num_spans").asLong();
    } catch (JsonProcessingException e) {
      // A client may set this metadata to anything.
      return 0;
    }
  }

  private List<TraceInfo> asked(Call call) {
    var ids = call.strings("trace_ids");
    if (ids.isEmpty()) {
      throw MlflowError.missing("trace_ids");
    }
    var within = Rules.experimentIds(call.strings("experiment_ids"));
    return traces.all(new LinkedHashSet<>(ids)).stream()
        .filter(trace -> !call.has("experiment_ids") || within.contains(trace.experimentId()))
        .toList();
  }

  private Object batchGet(Call call) {
    var found = asked(call);
    var spans = traces.spans(found.stream().map(TraceInfo::id).toList());
    var complete =
        found.stream()
            .filter(trace -> isComplete(trace, spans.getOrDefault(trace.id(), List.of())))
            .toList();
    var infos = infos(complete);
    var answers = new ArrayList<Trace>();
    for (var info : infos) {
      answers.add(new Trace(info, otlp(spans.getOrDefault(info.traceId(), List.of()))));
    }
    return new Traces(answers);
  }

  private record Traces(List<Trace> traces) {}

  private record Infos(List<Info> traceInfos) {}

  private Object batchGetInfos(Call call) {
    return new Infos(infos(asked(call)));
  }

  private record Page(List<Info> traces, @Nullable String nextPageToken) {}

  private record OldPage(List<OldInfo> traces, @Nullable String nextPageToken) {}

  private Object search(Call call) {
    if (call.objects("locations").isEmpty()) {
      throw MlflowError.missing("locations");
    }
    var experiments = new ArrayList<Long>();
    for (var location : call.objects("locations")) {
      var place =
          location.has("mlflow_experiment")
              ? location.path("mlflow_experiment")
              : location.path("mlflowExperiment");
      if (place.isObject()) {
        experiments.add(
            Rules.experimentId(
                Call.requireString(
                    place, "experiment_id", "locations.mlflow_experiment.experiment_id")));
      }
    }
    var found = search(call, experiments);
    return new Page(infos(found.traces), found.next);
  }

  private Object oldSearch(Call call) {
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    if (experiments.isEmpty()) {
      throw MlflowError.missing("experiment_ids");
    }
    var found = search(call, experiments);
    return new OldPage(found.traces.stream().map(TraceMessages::oldInfo).toList(), found.next);
  }

  private record Found(List<TraceInfo> traces, @Nullable String next) {}

  private Found search(Call call, List<Long> experiments) {
    int most = Searches.maxResults(call, DEFAULT_RESULTS, MOST_RESULTS);
    var filter = FilterParser.parse(Searches.filter(call), FilterSchema.TRACES);
    var order = OrderBy.parse(call.strings("order_by"), FilterSchema.TRACES);
    var bindings = new Bindings();
    var found =
        search.search(
            new EntitySearchStore.Query(
                "tracker.trace t",
                List.of("t.id"),
                TraceFilter.where(filter, experiments, bindings),
                bindings,
                TraceFilter.order(order, bindings),
                most,
                call.string("page_token"),
                List.of("traces", experiments, filter, order)));
    return new Found(traces.all(found.rows().stream().map(List::getFirst).toList()), found.next());
  }

  private Object delete(Call call) {
    long experiment = Rules.experimentId(call.requireString("experiment_id"));
    var until = call.integer("max_timestamp_millis");
    var most = call.integer("max_traces");
    var ids = call.strings("request_ids");
    if (until == null && ids.isEmpty()) {
      throw MlflowError.invalid("Either `max_timestamp_millis` or `trace_ids` must be specified.");
    }
    if (until != null && !ids.isEmpty()) {
      throw MlflowError.invalid(
          "Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
    }
    if (!ids.isEmpty() && most != null) {
      throw MlflowError.invalid("`max_traces` can't be specified if `trace_ids` is specified.");
    }
    if (most != null && most <= 0) {
      throw MlflowError.invalid("`max_traces` must be a positive integer, received " + most + ".");
    }
    int deleted =
        until == null
            ? traces.delete(experiment, ids)
            : traces.deleteUntil(experiment, TraceMessages.clamp(until), most);
    return Map.of("traces_deleted", deleted);
  }

  private @Nullable Object setTag(Call call) {
    var id = call.requireString("trace_id");
    var key = call.requireString("key");
    var value = call.string("value", "");
    if (OWN_TAGS.contains(key)) {
      throw MlflowError.invalid("Tag '" + key + "' is immutable and cannot be set on a trace.");
    }
    Rules.name(key, "key");
    Rules.length("key", Rules.KEY, key);
    int longest = value.codePointCount(0, value.length());
    var kept =
        longest > Rules.TAG_VALUE
            ? value.substring(0, value.offsetByCodePoints(0, Rules.TAG_VALUE))
            : value;
    if (!traces.setTag(id, key, kept)) {
      throw none(id);
    }
    return null;
  }

  private @Nullable Object deleteTag(Call call) {
    var id = call.requireString("trace_id");
    var key = call.requireString("key");
    if (key.equals(TraceInfo.SPANS_TAG) || key.equals("mlflow.trace.archiveLocation")) {
      throw MlflowError.invalid("Tag '" + key + "' is immutable and cannot be deleted on a trace.");
    }
    if (!traces.deleteTag(id, key)) {
      find(id);
      throw MlflowError.notFound(
          "No trace tag with key '" + key + "' for trace with ID '" + id + "'");
    }
    return null;
  }

  private @Nullable Object linkToRun(Call call) {
    var ids = call.strings("trace_ids");
    if (ids.isEmpty()) {
      throw MlflowError.missing("trace_ids");
    }
    linkToRun(ids, call.requireString("run_id"));
    return null;
  }

  private void linkToRun(Collection<String> ids, String runId) {
    if (ids.size() > MOST_LINKS) {
      throw MlflowError.invalid(
          "Cannot link more than %d traces to a run in a single request. Provided %d traces."
              .formatted(MOST_LINKS, ids.size()));
    }
    db.useTransaction(tx -> traces.linkToRun(tx, ids, run(tx, runId)));
  }

  private long run(Handle tx, String id) {
    var key = runs.keys(tx, Set.of(id)).get(id);
    if (key == null) {
      throw MlflowError.noRun(id);
    }
    return key.number();
  }

  private @Nullable Object linkPrompts(Call call) {
    var id = call.requireString("trace_id");
    var prompts = new ArrayList<String>();
    for (var each : call.objects("prompt_versions")) {
      prompts.add(
          Call.requireString(each, "name", "prompt_versions.name")
              + "/"
              + Rules.version(Call.requireString(each, "version", "prompt_versions.version")));
    }
    if (prompts.isEmpty()) {
      throw MlflowError.missing("prompt_versions");
    }
    if (!db.inTransaction(tx -> traces.linkPrompts(tx, id, prompts))) {
      throw none(id);
    }
    return null;
  }

  private Object correlation(Call call) {
    var experiments = Rules.experimentIds(call.strings("experiment_ids"));
    if (experiments.isEmpty()) {
      throw MlflowError.missing("experiment_ids");
    }
    var first = FilterParser.parse(call.requireString("filter_string1"), FilterSchema.TRACES);
    var second = FilterParser.parse(call.requireString("filter_string2"), FilterSchema.TRACES);
    var base = call.string("base_filter", "");
    var within = FilterParser.parse(base.isEmpty() ? null : base, FilterSchema.TRACES);
    var bindings = new Bindings();
    var where = TraceFilter.where(within, experiments, bindings);
    var counts =
        SqlFilter.searching(() ->
            statistics.together(
                where,
                TraceFilter.condition(first, bindings),
                TraceFilter.condition(second, bindings),
                bindings.values()));
    // Jackson would write the digits of these names apart.
    var answer = new LinkedHashMap<String, Object>();
    answer.put("npmi", Npmi.of(counts, 0));
    answer.put("npmi_smoothed", Npmi.of(counts, Npmi.JEFFREYS));
    answer.put("filter1_count", counts.first());
    answer.put("filter2_count", counts.second());
    answer.put("joint_count", counts.both());
    answer.put("total_count", counts.all());
    return answer;
  }

  // What clients before version 3 send

  private static Map<String, String> pairs(Call call, String name) {
    var pairs = new LinkedHashMap<String, String>();
    for (var each : call.objects(name)) {
      var value = Call.string(each, "value", name + ".value");
      pairs.put(Call.requireString(each, "key", name + ".key"), value == null ? "" : value);
    }
    return pairs;
  }

  private Object oldStart(Call call) {
    long experimentId = Rules.experimentId(call.requireString("experiment_id"));
    var at = TraceMessages.clamp(call.integer("timestamp_ms", 0));
    var metadata = pairs(call, "request_metadata");
    var tags = pairs(call, "tags");
    TraceMessages.name(tags);
    var id = Ids.uuid7(clock.millis()).toString().replace("-", "");
    db.useTransaction(tx -> {
      var experiment = ExperimentCalls.find(tx, experimentId);
      ExperimentCalls.active(experiment);
      tags.put(TraceInfo.LOCATION_TAG, location(experiment.artifactLocation(), id));
      traces.start(
          tx,
          new TraceInfo(
              id, experimentId, null, at, null, "IN_PROGRESS", null, null, metadata, tags));
    });
    return Map.of("trace_info", TraceMessages.oldInfo(find(id)));
  }

  private Object oldEnd(Call call) {
    var id = call.requireString("trace_id");
    Instant at = TraceMessages.clamp(call.integer("timestamp_ms", 0));
    var status = call.constant("status", TraceMessages.STATES);
    var metadata = pairs(call, "request_metadata");
    var tags = pairs(call, "tags");
    TraceMessages.name(tags);
    boolean found =
        db.inTransaction(tx ->
            traces.end(tx, id, at, status == null ? "STATE_UNSPECIFIED" : status, metadata, tags));
    if (!found) {
      throw none(id);
    }
    return Map.of("trace_info", TraceMessages.oldInfo(find(id)));
  }

  private Object oldGet(Call call) {
    return Map.of("trace_info", TraceMessages.oldInfo(find(call.requireString("trace_id"))));
  }
}

package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.platform.Blobs;
import dev.pipewright.tracker.artifact.ArtifactStore;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Repeat;
import dev.pipewright.tracker.mlflow.wire.Routes;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs that MLflow's prompt page makes: a prompt, the model it was tried on and what came out, as
/// params and a table. The Python model that MLflow adds to them is not written here.
@ApplicationScoped
class PromptlabCalls implements Routes.Family {
  private static final String TABLE = "eval_results_table.json";

  private final RunCalls runs;
  private final ArtifactRoots roots;
  private final ArtifactStore artifacts;
  private final Blobs blobs;
  private final Clock clock;

  PromptlabCalls(
      RunCalls runs, ArtifactRoots roots, ArtifactStore artifacts, Blobs blobs, Clock clock) {
    this.runs = runs;
    this.roots = roots;
    this.artifacts = artifacts;
    this.blobs = blobs;
    this.clock = clock;
  }

  @Override
  public void addTo(Routes routes) {
    routes
        .post("2.0/mlflow/runs/create-promptlab-run", Repeat.MAKES_ANOTHER, this::create)
        .get("2.0/mlflow/gateway-proxy", call -> gateway())
        .post("2.0/mlflow/gateway-proxy", call -> gateway());
  }

  /// No gateway is set up here; pages show that as an empty one.
  private static Object gateway() {
    return Map.of("endpoints", MlflowJson.MAPPER.createArrayNode());
  }

  private Object create(Call call) throws IOException {
    require(call, "experiment_id");
    var template = require(call, "prompt_template").asText();
    var prompts = pairs(call, "prompt_parameters");
    if (prompts.isEmpty()) {
      throw missing("prompt_parameters");
    }
    var route = require(call, "model_route").asText();
    var input = require(call, "model_input").asText();
    require(call, "mlflow_version");
    var outputs = pairs(call, "model_output_parameters");

    var run = object();
    for (var name : List.of("experiment_id", "run_name", "tags")) {
      if (call.has(name)) {
        run.set(name, call.get(name));
      }
    }
    run.put("user_id", call.string("user_id", "unknown"));
    run.put("start_time", call.integer("start_time", clock.millis()));
    var id = runs.created(Call.of(run));
    runs.logBatchNow(Call.of(batch(id, template, route, pairs(call, "model_parameters"))));
    var table = MlflowJson.bytes(table(prompts, input, call.string("model_output"), outputs));
    var stored = blobs.put(new ByteArrayInputStream(table));
    artifacts.put(
        roots.ofRun(id).join(TABLE),
        stored.digest(),
        stored.size(),
        "application/json",
        clock.instant());
    runs.update(
        Call.of(
            object().put("run_id", id).put("status", "FINISHED").put("end_time", clock.millis())));
    return runs.get(Call.of(object().put("run_id", id)));
  }

  private static ObjectNode batch(
      String id, String template, String route, List<Entities.Pair> model) {
    var batch = object().put("run_id", id);
    var params = batch.putArray("params");
    model.forEach(each -> pair(params, each.key(), each.value()));
    pair(params, "model_route", route);
    pair(params, "prompt_template", template);
    var tags = batch.putArray("tags");
    // Compared as text, with the spaces that Python writes.
    pair(tags, "mlflow.loggedArtifacts", "[{\"path\": \"" + TABLE + "\", \"type\": \"table\"}]");
    pair(tags, "mlflow.runSourceType", "PROMPT_ENGINEERING");
    return batch;
  }

  private static ObjectNode table(
      List<Entities.Pair> prompts,
      String input,
      @Nullable String output,
      List<Entities.Pair> outputs) {
    var table = object();
    var columns = table.putArray("columns");
    var row = table.putArray("data").addArray();
    prompts.forEach(each -> column(columns, row, each.key(), each.value()));
    column(columns, row, "prompt", input);
    column(columns, row, "output", output);
    outputs.forEach(each -> column(columns, row, each.key(), each.value()));
    return table;
  }

  private static void column(
      ArrayNode columns, ArrayNode row, String name, @Nullable String value) {
    columns.add(name);
    row.add(value);
  }

  private static void pair(ArrayNode pairs, String key, String value) {
    pairs.addObject().put("key", key).put("value", value);
  }

  private static List<Entities.Pair> pairs(Call call, String name) {
    return call.objects(name).stream()
        .map(each ->
            new Entities.Pair(
                Call.requireString(each, "key", name + ".key"), each.path("value").asText()))
        .toList();
  }

  private static JsonNode require(Call call, String name) {
    var value = call.get(name);
    if (value.isMissingNode() || value.asText().isEmpty()) {
      throw missing(name);
    }
    return value;
  }

  private static MlflowError missing(String name) {
    return MlflowError.invalid("CreatePromptlabRun request must specify " + name + ".");
  }

  private static ObjectNode object() {
    return MlflowJson.MAPPER.createObjectNode();
  }
}

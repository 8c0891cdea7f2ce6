package dev.pipewright.cli.importer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Another server with MLflow's protocol.
final class ServerSource implements MlflowSource {
  private static final int PAGE = 200;
  private static final String MOST_POINTS = "25000";

  private final MlflowServer server;

  ServerSource(MlflowServer server) {
    this.server = server;
  }

  @Override
  public List<JsonNode> experiments() throws Refused {
    var found = new ArrayList<JsonNode>();
    var search = body().put("view_type", "ALL").put("max_results", PAGE);
    server.pages("experiments/search", search, "experiments", found::add);
    return found.reversed();
  }

  @Override
  public List<JsonNode> runs(JsonNode experiment, Skipped skipped) throws Refused {
    var found = new ArrayList<JsonNode>();
    var search = search(experiment).put("run_view_type", "ALL");
    search.putArray("order_by").add("attributes.start_time ASC");
    server.pages("runs/search", search, "runs", found::add);
    return found;
  }

  @Override
  public void points(JsonNode run, String key, Each each) throws Refused {
    var id = run.path("info").path("run_id").asText();
    server.pages(
        "metrics/get-history",
        new String[] {"run_id", id, "metric_key", key, "max_results", MOST_POINTS},
        "metrics",
        each);
  }

  @Override
  public List<JsonNode> loggedModels(JsonNode experiment, Skipped skipped) throws Refused {
    var found = new ArrayList<JsonNode>();
    try {
      var search = search(experiment).put("max_results", 50);
      server.pages("logged-models/search", search, "models", found::add);
    } catch (Refused e) {
      if (e.status() != 404) {
        throw e;
      }
      // MLflow 2 has none.
      return List.of();
    }
    return found.reversed();
  }

  @Override
  public List<JsonNode> registeredModels(Skipped skipped) throws Refused {
    var found = new ArrayList<JsonNode>();
    server.pages(
        "registered-models/search",
        new String[] {"max_results", "100"},
        "registered_models",
        model -> found.add(model));
    return found;
  }

  @Override
  public List<JsonNode> versions(JsonNode model, Skipped skipped) throws Refused {
    var name = model.path("name").asText();
    var quote = name.contains("'") ? '"' : '\'';
    var found = new ArrayList<JsonNode>();
    server.pages(
        "model-versions/search",
        new String[] {"filter", "name = " + quote + name + quote, "max_results", "200"},
        "model_versions",
        found::add);
    found.sort(Comparator.comparingLong(version -> version.path("version").asLong()));
    return found;
  }

  @Override
  public List<String> files(Owner owner) throws Refused {
    return List.copyOf(server.files(owner).keySet());
  }

  @Override
  public Path file(Owner owner, String path, Path temporary) throws Refused {
    server.download(owner, path, temporary);
    return temporary;
  }

  private static ObjectNode search(JsonNode experiment) {
    var search = body().put("max_results", PAGE);
    search.putArray("experiment_ids").add(experiment.path("experiment_id").asText());
    return search;
  }

  private static ObjectNode body() {
    return Json.MAPPER.createObjectNode();
  }

  @Override
  public void close() {
    server.close();
  }
}

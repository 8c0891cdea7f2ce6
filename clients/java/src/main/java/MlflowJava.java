import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowContext;

/// MLflow's own Java client, unmodified, against a running server; stops at the first thing that is
/// not as it should be.
public final class MlflowJava {
  private static final String NAME = "java-" + UUID.randomUUID();

  public static void main(String[] args) throws Exception {
    try (var client = new MlflowClient(args[0])) {
      experimentsAndRuns(client);
      batchesAndHistory(client);
      search(client);
      registry(client);
      context(client);
    }
    System.out.println("MLflow's Java client did all it can do without Python.");
  }

  private static void experimentsAndRuns(MlflowClient client) {
    var experiment = client.createExperiment(NAME);
    check(client.getExperiment(experiment).getName().equals(NAME), "experiment by id");
    check(client.getExperimentByName(NAME).orElseThrow().getExperimentId().equals(experiment), "by name");
    client.setExperimentTag(experiment, "team", "a");
    check(client.getExperiment(experiment).getTags(0).getValue().equals("a"), "experiment's tag");
    check(client.getExperimentByName(NAME + "-none").isEmpty(), "an unknown name is no experiment");
    var run = client.createRun(experiment).getRunId();
    client.logParam(run, "depth", "3");
    client.logParam(run, "depth", "3");
    refused(() -> client.logParam(run, "depth", "4"), "Changing param values is not allowed");
    client.logMetric(run, "loss", 0.5);
    client.logMetric(run, "loss", 0.25, 1_700_000_000_000L, 2);
    client.setTag(run, "phase", "one");
    client.setTag(run, "gone", "soon");
    client.deleteTag(run, "gone");
    client.setTerminated(run, RunStatus.FINISHED, 1_800_000_000_000L);
    var read = client.getRun(run);
    check(read.getInfo().getStatus() == RunStatus.FINISHED, "status");
    check(read.getInfo().getEndTime() == 1_800_000_000_000L, "end");
    check(read.getData().getParams(0).getValue().equals("3"), "param");
    check(read.getData().getMetrics(0).getValue() == 0.25, "newest value");
    client.deleteRun(run);
    check(client.getRun(run).getInfo().getLifecycleStage().equals("deleted"), "deleted");
    refused(() -> client.logMetric(run, "loss", 1), "must be in the 'active' state");
    client.restoreRun(run);
    client.renameExperiment(experiment, NAME + "-renamed");
    client.deleteExperiment(experiment);
    client.restoreExperiment(experiment);
    refused(() -> client.getRun("0".repeat(32)), "not found");
  }

  private static void batchesAndHistory(MlflowClient client) {
    var run = client.createRun().getRunId();
    var points =
        IntStream.range(0, 1000)
            .mapToObj(i ->
                Metric.newBuilder()
                    .setKey("curve")
                    .setValue(i == 7 ? Double.NaN : i)
                    .setTimestamp(1_700_000_000_000L + i)
                    .setStep(i)
                    .build())
            .toList();
    client.logBatch(run, points, null, null);
    client.logBatch(
        run,
        null,
        List.of(Param.newBuilder().setKey("p").setValue("v").build()),
        List.of(RunTag.newBuilder().setKey("t").setValue("v").build()));
    var history = client.getMetricHistory(run, "curve");
    check(history.size() == 1000, "1000 points, not " + history.size());
    check(Double.isNaN(history.get(7).getValue()) && history.get(999).getValue() == 999, "values");
  }

  private static void search(MlflowClient client) {
    var experiment = client.createExperiment(NAME + "-search");
    for (int i = 0; i < 5; i++) {
      var run = client.createRun(experiment).getRunId();
      client.logMetric(run, "score", i);
    }
    var found =
        client.searchRuns(
            List.of(experiment), "metrics.score >= 2", ViewType.ACTIVE_ONLY, 2, List.of("metrics.score DESC"));
    check(list(found.getItems()).size() == 2 && list(found.getItems()).get(0).getData().getMetrics(0).getValue() == 4, "first page");
    var next = found.getNextPage();
    check(list(next.getItems()).size() == 1 && list(next.getItems()).get(0).getData().getMetrics(0).getValue() == 2, "second page");
    check(list(client.searchExperiments("name = '" + NAME + "-search'").getItems()).size() == 1, "experiments");
  }

  private static void registry(MlflowClient client) {
    var run = client.createRun().getRunId();
    client.sendPost("registered-models/create", "{\"name\":\"" + NAME + "\"}");
    for (int i = 0; i < 2; i++) {
      client.sendPost(
          "model-versions/create",
          "{\"name\":\"" + NAME + "\",\"source\":\"runs:/" + run + "/model\",\"run_id\":\"" + run + "\"}");
    }
    check(client.getRegisteredModel(NAME).getName().equals(NAME), "registered model");
    check(client.getModelVersion(NAME, "2").getVersion().equals("2"), "version");
    check(client.getLatestVersions(NAME).size() == 1, "newest of its stage");
    check(list(client.searchModelVersions("name = '" + NAME + "'").getItems()).size() == 2, "versions");
    check(client.getModelVersionDownloadUri(NAME, "1").startsWith("mlflow-artifacts:/"), "where it is");
    check(client.sendGet("registered-models/get?name=" + NAME).contains(NAME), "raw call");
  }

  private static void context(MlflowClient client) {
    var context = new MlflowContext(client);
    var experiment = client.createExperiment(NAME + "-context");
    context.setExperimentId(experiment);
    var parent = context.startRun("parent");
    parent.logParam("a", "b");
    var child = context.startRun("child", parent.getId());
    child.logMetric("m", 1.5, 3);
    child.endRun();
    parent.endRun();
    var tags = client.getRun(child.getId()).getData().getTagsList();
    check(
        tags.stream().anyMatch(tag -> tag.getKey().equals("mlflow.parentRunId") && tag.getValue().equals(parent.getId())),
        "the child knows its parent");
  }

  private static <T> List<T> list(Iterable<T> items) {
    return StreamSupport.stream(items.spliterator(), false).toList();
  }

  private interface Call {
    void run();
  }

  private static void refused(Call call, String message) {
    try {
      call.run();
    } catch (MlflowClientException e) {
      check(e.getMessage().contains(message), "'" + e.getMessage() + "' says '" + message + "'");
      return;
    }
    throw new AssertionError("not refused: " + message);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}

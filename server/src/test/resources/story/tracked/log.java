import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

static final HttpClient HTTP = HttpClient.newHttpClient();

void main() throws Exception {
  var run = System.getenv("MLFLOW_RUN_ID");
  for (int step = 0; step < 10; step++) {
    post(
        "runs/log-metric",
        """
        {"run_id": "%s", "key": "loss", "value": %s, "timestamp": %d, "step": %d}
        """
            .formatted(run, 1.0 / (step + 1), System.currentTimeMillis(), step));
  }
  post(
      "runs/log-parameter",
      """
      {"run_id": "%s", "key": "rate", "value": "0.1"}
      """
          .formatted(run));
  post(
      "runs/update",
      """
      {"run_id": "%s", "status": "FAILED", "end_time": %d}
      """
          .formatted(run, System.currentTimeMillis()));
}

static void post(String call, String body) throws Exception {
  var answer =
      HTTP.send(
          HttpRequest.newBuilder(
                  URI.create(System.getenv("MLFLOW_TRACKING_URI") + "/api/2.0/mlflow/" + call))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
  if (answer.statusCode() != 200) {
    throw new IllegalStateException(call + ": " + answer.statusCode() + " " + answer.body());
  }
}

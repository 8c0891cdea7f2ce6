package dev.pipewright.tabular;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.ModelVersion;
import dev.pipewright.contract.api.RegisterModel;
import dev.pipewright.contract.api.TrackedRun;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// `pipewright/register@v1`: makes a model the next version of a name in the catalog.
///
/// Inputs: `model`, `name` (string), `alias` (string, optional). Outputs: `version` (int), `name`
/// (string). The request carries a key of the pipeline run and the task, so that a repeated attempt
/// gets the same version. While the tracker is away it is asked again, for ten minutes.
public final class Register implements BuiltinTask {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  private final Waiting waiting;

  public Register() {
    this(Waiting.REAL);
  }

  Register(Waiting waiting) {
    this.waiting = waiting;
  }

  /// Time, as the wait for the tracker sees it.
  interface Waiting {
    Waiting REAL =
        new Waiting() {
          @Override
          public long nanoTime() {
            return System.nanoTime();
          }

          @Override
          public void pause(Duration duration) throws InterruptedException {
            Thread.sleep(duration);
          }
        };

    long nanoTime();

    void pause(Duration duration) throws InterruptedException;
  }

  @Override
  public String uses() {
    return "pipewright/register@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException, InterruptedException {
    var name = new Settings(context).required("name").strip();
    var alias =
        context.text("alias").map(String::strip).filter(text -> !text.isEmpty()).orElse(null);
    var launch = context.launch();
    var model = context.data("model");
    var source =
        new TrackedRun.PipelineSource(
            launch.pipeline(),
            launch.pipelineVersion(),
            launch.pipelineRunId(),
            launch.task(),
            launch.attempt());
    var body =
        new RegisterModel(model, ModelCard.read(context.staged("model")).flavor(), alias, source);
    var path =
        "/api/v1/models/"
            + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20")
            + "/versions";
    var request =
        HttpRequest.newBuilder(URI.create(launch.trackerUrl() + path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("Idempotency-Key", launch.pipelineRunId() + "/" + launch.task())
            .POST(HttpRequest.BodyPublishers.ofString(Json.MAPPER.writeValueAsString(body)))
            .build();
    context.logParam("name", name);
    if (alias != null) {
      context.logParam("alias", alias);
    }
    var version = ask(context, request);
    context.output("version", version.version());
    context.output("name", version.name());
    context.logTag("pipewright.model.version", version.name() + "/" + version.version());
    System.out.printf(
        "Registered %s version %d%s%n",
        version.name(), version.version(), alias == null ? "" : " as " + alias);
  }

  /// Asks until there is an answer.
  private ModelVersion ask(TaskContext context, HttpRequest request) throws InterruptedException {
    long start = waiting.nanoTime();
    var pause = Duration.ofMillis(250);
    try (var client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build()) {
      while (!context.cancelled()) {
        String trouble;
        try {
          var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
          if (answer.statusCode() < 500) {
            return understand(answer, request.uri());
          }
          trouble = "it answers " + answer.statusCode();
        } catch (IOException e) {
          // A refused connection has no message of its own.
          trouble = e.getMessage() == null ? "nobody answers" : e.getMessage();
        }
        if (waiting.nanoTime() - start > PATIENCE.toNanos()) {
          throw new ProblemException(
              ProblemCode.SERVER_UNREACHABLE,
              "the tracker at %s could not be reached for %d minutes: %s"
                  .formatted(request.uri(), PATIENCE.toMinutes(), trouble),
              "Check that the server runs, then run the task again.");
        }
        System.out.printf(
            "The tracker is away (%s); asking again in %d ms%n", trouble, pause.toMillis());
        waiting.pause(pause);
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0
                ? LONGEST_PAUSE
                : pause.multipliedBy(2);
      }
      throw new InterruptedException("stopped as asked");
    }
  }

  private static ModelVersion understand(HttpResponse<String> answer, URI uri) {
    try {
      if (answer.statusCode() < 300) {
        return Json.MAPPER.readValue(answer.body(), ModelVersion.class);
      }
      var problem = Json.MAPPER.readValue(answer.body(), Problem.class);
      if (problem != null && problem.code() != null && problem.detail() != null) {
        throw new ProblemException(problem);
      }
    } catch (JsonProcessingException e) {
      throw new ProblemException(ProblemCode.BAD_REQUEST, notUs(answer, uri), e);
    }
    throw new ProblemException(ProblemCode.BAD_REQUEST, notUs(answer, uri));
  }

  private static String notUs(HttpResponse<String> answer, URI uri) {
    return "%s answered %d with something else than Pipewright's JSON"
        .formatted(uri, answer.statusCode());
  }
}

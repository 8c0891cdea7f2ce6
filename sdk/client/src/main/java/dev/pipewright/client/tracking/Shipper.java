package dev.pipewright.client.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.client.tracking.MlflowCalls.Away;
import dev.pipewright.client.tracking.MlflowCalls.Refused;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Delivers a spool to the tracker, from where that has it, and waits for the tracker for as long
/// as it takes. What was delivered but not noted as such is delivered again: a point that the
/// tracker has is dropped there, params and tags come out the same, and runs and models are made
/// under ids that were chosen here.
final class Shipper implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Shipper.class.getName());
  private static final int WINDOW = 16_000;
  private static final int PARALLEL = 4;
  private static final int POINTS = 1_000;
  private static final int PAIRS = 100;
  private static final long TOGETHER_MILLIS = 100;
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 5_000;
  private static final int REFUSALS_TOLD = 10;

  /// A call that the server fails at so often must not hold up what comes after it.
  private static final int MOST_FAILURES = 8;

  private final Spool spool;
  private final MlflowCalls calls;
  private final ExecutorService senders =
      Executors.newFixedThreadPool(PARALLEL, Thread.ofVirtual().factory());
  private final Thread thread;
  private final Map<String, String> experiments = new HashMap<>();

  /// Where the files of runs and models go.
  private final Map<String, String> roots = new HashMap<>();

  private final List<String> refusals = new ArrayList<>();
  private final AtomicBoolean away = new AtomicBoolean();
  private long refused;
  private volatile @Nullable Exception failure;
  private volatile boolean closed;

  private Shipper(Spool spool, MlflowCalls calls) {
    this.spool = spool;
    this.calls = calls;
    this.thread = Thread.ofPlatform().name("tracking").daemon(true).unstarted(this::ship);
  }

  static Shipper start(Spool spool, MlflowCalls calls) {
    var shipper = new Shipper(spool, calls);
    shipper.thread.start();
    return shipper;
  }

  /// @throws ProblemException when something was refused or found no room: it will never arrive
  void requireComplete() {
    var stopped = failure;
    if (stopped != null) {
      throw new ProblemException(
          ProblemCode.SPOOL_UNUSABLE,
          "The spool %s cannot be delivered: %s.".formatted(spool.folder, stopped),
          stopped);
    }
    long dropped = spool.dropped();
    var missing = new ArrayList<String>();
    if (dropped > 0) {
      missing.add(
          "%,d points found no room in the spool %s while the tracker was away"
              .formatted(dropped, spool.folder));
    }
    synchronized (refusals) {
      if (refused > 0) {
        missing.add(
            "the tracker refused %,d calls: %s".formatted(refused, String.join("; ", refusals)));
      }
    }
    if (!missing.isEmpty()) {
      throw new ProblemException(
          ProblemCode.TRACKING_INCOMPLETE, String.join(". And ", missing) + ".");
    }
  }

  private void ship() {
    try {
      while (!closed) {
        var window = spool.read(WINDOW);
        if (!window.entries().isEmpty()) {
          var copies = deliver(window.entries());
          spool.acknowledge(window.end());
          for (var copy : copies) {
            spool.dropCopy(copy);
          }
        }
        if (window.entries().size() < POINTS) {
          // Others come meanwhile, and travel together.
          spool.rest(TOGETHER_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      // Closed; the next one goes on from what was acknowledged.
    } catch (IOException | RuntimeException e) {
      failure = e;
      spool.deliveryEnded();
      LOG.log(System.Logger.Level.ERROR, "the spool " + spool.folder + " cannot be delivered", e);
    }
  }

  /// What of a run can travel together.
  private static final class Pending {
    final List<Entry.Point> points = new ArrayList<>();
    final Map<String, String> params = new LinkedHashMap<>();
    final Map<String, String> tags = new LinkedHashMap<>();
  }

  /// @return the copies of files that are of no more use
  private List<String> deliver(List<Entry> entries) throws InterruptedException {
    var pending = new LinkedHashMap<String, Pending>();
    var copies = new ArrayList<String>();
    for (var entry : entries) {
      switch (entry) {
        case Entry.Point point ->
            pending.computeIfAbsent(point.run(), run -> new Pending()).points.add(point);
        case Entry.Param param ->
            pending
                .computeIfAbsent(param.run(), run -> new Pending())
                .params
                .put(param.key(), param.value());
        case Entry.Tag tag ->
            pending
                .computeIfAbsent(tag.run(), run -> new Pending())
                .tags
                .put(tag.key(), tag.value());
        case Entry.Open goesOn -> {}
        case Entry.Started started -> patiently("run " + started.run(), () -> start(started));
        case Entry.Artifact artifact -> {
          patiently(
              "'%s' of run %s".formatted(artifact.path(), artifact.run()),
              () -> {
                calls.upload(
                    rootOfRun(artifact.run()), artifact.path(), spool.copyOf(artifact.copy()));
                return true;
              });
          copies.add(artifact.copy());
        }
        case Entry.ModelStarted model -> patiently("model " + model.model(), () -> start(model));
        case Entry.ModelFile file -> {
          patiently(
              "'%s' of model %s".formatted(file.path(), file.model()),
              () -> {
                calls.upload(rootOfModel(file.model()), file.path(), spool.copyOf(file.copy()));
                return true;
              });
          copies.add(file.copy());
        }
        case Entry.ModelEnded model -> patiently("model " + model.model(), () -> end(model));
        case Entry.Ended ended -> {
          var last = pending.remove(ended.run());
          if (last != null) {
            send(Map.of(ended.run(), last));
          }
          patiently(
              "the end of run " + ended.run(),
              () ->
                  calls.post(
                      "runs/update",
                      Map.of(
                          "run_id",
                          ended.run(),
                          "status",
                          ended.status(),
                          "end_time",
                          ended.at())));
          roots.remove(ended.run());
        }
      }
    }
    send(pending);
    return copies;
  }

  private boolean start(Entry.Started started) throws Away, Refused, InterruptedException {
    var tags = new ArrayList<Map<String, String>>();
    started.tags().forEach((key, value) -> tags.add(Map.of("key", key, "value", value)));
    if (started.parent() != null) {
      tags.add(Map.of("key", "mlflow.parentRunId", "value", started.parent()));
    }
    var made =
        calls
            .post(
                "runs/create",
                Map.of(
                    "run_id",
                    started.run(),
                    "experiment_id",
                    experiment(started.experiment()),
                    "run_name",
                    started.name(),
                    "user_id",
                    started.tags().getOrDefault("mlflow.user", ""),
                    "start_time",
                    started.at(),
                    "tags",
                    tags))
            .path("run")
            .path("info");
    if (!made.path("run_id").asText().equals(started.run())) {
      throw new Refused(
          400,
          "",
          "The server made it under an id of its own, "
              + made.path("run_id").asText()
              + "; it is not a Pipewright server, or an older one");
    }
    roots.put(started.run(), made.path("artifact_uri").asText());
    return true;
  }

  private String experiment(String name) throws Away, Refused, InterruptedException {
    var known = experiments.get(name);
    if (known == null) {
      known = findOrMake(name);
      experiments.put(name, known);
    }
    return known;
  }

  private String findOrMake(String name) throws Away, Refused, InterruptedException {
    try {
      return find(name);
    } catch (Refused e) {
      if (!e.code().equals("RESOURCE_DOES_NOT_EXIST")) {
        throw e;
      }
    }
    try {
      return calls.post("experiments/create", Map.of("name", name)).path("experiment_id").asText();
    } catch (Refused e) {
      if (!e.code().equals("RESOURCE_ALREADY_EXISTS")) {
        throw e;
      }
      return find(name);
    }
  }

  private String find(String name) throws Away, Refused, InterruptedException {
    return calls
        .get("experiments/get-by-name", Map.of("experiment_name", name))
        .path("experiment")
        .path("experiment_id")
        .asText();
  }

  private JsonNode info(String run) throws Away, Refused, InterruptedException {
    return calls.get("runs/get", Map.of("run_id", run)).path("run").path("info");
  }

  private String rootOfRun(String run) throws Away, Refused, InterruptedException {
    var known = roots.get(run);
    if (known == null) {
      known = info(run).path("artifact_uri").asText();
      roots.put(run, known);
    }
    return known;
  }

  private String rootOfModel(String model) throws Away, Refused, InterruptedException {
    var known = roots.get(model);
    if (known == null) {
      known = artifactUri(calls.get("logged-models/" + model, Map.of()));
      roots.put(model, known);
    }
    return known;
  }

  private static String artifactUri(JsonNode answer) {
    return answer.path("model").path("info").path("artifact_uri").asText();
  }

  private boolean start(Entry.ModelStarted model) throws Away, Refused, InterruptedException {
    var made =
        calls.post(
            "logged-models",
            Map.of(
                "model_id",
                model.model(),
                "experiment_id",
                info(model.run()).path("experiment_id").asText(),
                "name",
                model.name(),
                "model_type",
                model.type(),
                "source_run_id",
                model.run()));
    roots.put(model.model(), artifactUri(made));
    return true;
  }

  private boolean end(Entry.ModelEnded model) throws Away, Refused, InterruptedException {
    calls.send(
        "PATCH",
        "logged-models/" + model.model(),
        Map.of("model_id", model.model(), "status", "LOGGED_MODEL_READY"));
    calls.post(
        "runs/outputs",
        Map.of(
            "run_id",
            model.run(),
            "models",
            List.of(Map.of("model_id", model.model(), "step", 0))));
    roots.remove(model.model());
    return true;
  }

  private void send(Map<String, Pending> pending) throws InterruptedException {
    var sends = new ArrayList<Callable<Boolean>>();
    pending.forEach((run, what) -> {
      pairs(run, "params", what.params, sends);
      pairs(run, "tags", what.tags, sends);
      for (int from = 0; from < what.points.size(); from += POINTS) {
        var chunk = what.points.subList(from, Math.min(from + POINTS, what.points.size()));
        sends.add(() ->
            patiently(
                "%,d points of run %s".formatted(chunk.size(), run),
                () -> calls.post("runs/log-batch", points(run, chunk))));
      }
    });
    for (var sent : senders.invokeAll(sends)) {
      try {
        sent.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof InterruptedException) {
          throw new InterruptedException();
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  private void pairs(
      String run, String kind, Map<String, String> pairs, List<Callable<Boolean>> sends) {
    var entries = List.copyOf(pairs.entrySet());
    for (int from = 0; from < entries.size(); from += PAIRS) {
      var chunk = entries.subList(from, Math.min(from + PAIRS, entries.size()));
      sends.add(() -> pairs(run, kind, chunk));
    }
  }

  /// One that is refused must not take the others with it.
  private boolean pairs(String run, String kind, List<Map.Entry<String, String>> chunk)
      throws InterruptedException {
    var body =
        Map.of(
            "run_id",
            run,
            kind,
            chunk.stream()
                .map(pair -> Map.of("key", pair.getKey(), "value", pair.getValue()))
                .toList());
    var what = "%s %s of run %s".formatted(kind, keys(chunk), run);
    try {
      untilAnswered(what, () -> calls.post("runs/log-batch", body));
      return true;
    } catch (Refused e) {
      if (chunk.size() == 1) {
        note(what, e);
        return false;
      }
    }
    for (var each : chunk) {
      pairs(run, kind, List.of(each));
    }
    return false;
  }

  private static List<String> keys(List<Map.Entry<String, String>> pairs) {
    return pairs.stream().map(Map.Entry::getKey).toList();
  }

  private static byte[] points(String run, List<Entry.Point> points) {
    var bytes = new ByteArrayOutputStream(100 * points.size());
    try (var json = Json.MAPPER.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("run_id", run);
      json.writeArrayFieldStart("metrics");
      for (var point : points) {
        json.writeStartObject();
        json.writeStringField("key", point.key());
        // NaN and infinities become text.
        json.writeNumberField("value", point.value());
        json.writeNumberField("timestamp", point.at());
        json.writeNumberField("step", point.step());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private interface Attempt<T> {
    T make() throws Away, Refused, InterruptedException;
  }

  /// @return false when it was refused
  private <T> boolean patiently(String what, Attempt<T> attempt) throws InterruptedException {
    try {
      untilAnswered(what, attempt);
      return true;
    } catch (Refused e) {
      note(what, e);
      return false;
    }
  }

  private <T> void untilAnswered(String what, Attempt<T> attempt)
      throws Refused, InterruptedException {
    int failures = 0;
    for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
      try {
        attempt.make();
        if (away.compareAndSet(true, false)) {
          LOG.log(System.Logger.Level.INFO, "the tracker is back");
        }
        return;
      } catch (Away e) {
        if (e.isFailure() && ++failures == MOST_FAILURES) {
          throw new Refused(500, "", String.valueOf(e.getMessage()));
        }
        if (away.compareAndSet(false, true)) {
          LOG.log(
              System.Logger.Level.WARNING,
              "waiting for the tracker with {0}: {1}. Meanwhile all is kept in {2}.",
              what,
              e.getMessage(),
              spool.folder);
        }
        Thread.sleep(ThreadLocalRandom.current().nextLong(pause / 2, pause + 1));
      }
    }
  }

  private void note(String what, Refused e) {
    var message = what + ": " + e.getMessage();
    synchronized (refusals) {
      refused++;
      if (refusals.size() == REFUSALS_TOLD) {
        return;
      }
      refusals.add(message);
    }
    LOG.log(System.Logger.Level.WARNING, "the tracker refused {0}", message);
  }

  @Override
  public void close() {
    closed = true;
    senders.shutdownNow();
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

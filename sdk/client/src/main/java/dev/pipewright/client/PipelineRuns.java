package dev.pipewright.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AnswerTask;
import dev.pipewright.contract.api.Explanation;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RerunPipeline;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.StartRun;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.Transition;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Pipeline runs: start, see, follow, act on.
public final class PipelineRuns {
  /// What one page holds at most.
  private static final int MOST = 1_000;

  private static final Duration FOR_EVER = Duration.ofDays(36_500);

  private final Http http;

  PipelineRuns(Http http) {
    this.http = http;
  }

  /// Starts a run of the latest version.
  ///
  /// @param params by name: texts, numbers, booleans, and for a param of type json what Jackson
  ///   writes. Data is a [dev.pipewright.contract.task.DataRef], such as [Blobs#upload] gives or a
  ///   run left behind; a [Path], which is uploaded as a dataset; or the path, as a text, of a file
  ///   that the server can read
  /// @throws ProblemException PIPELINE_NOT_FOUND, PARAMS_INVALID with every error, or INPUT_MISSING
  ///   for a [Path] that is not there
  public PipelineRun start(String pipeline, Map<String, ?> params) {
    return start(pipeline, new StartRun(null, json(params)), UUID.randomUUID().toString());
  }

  private Map<String, JsonNode> json(Map<String, ?> params) {
    var values = new LinkedHashMap<String, JsonNode>();
    params.forEach((name, value) -> {
      var given =
          value instanceof Path file ? new Blobs(http).upload(file, DataRef.Kind.DATASET) : value;
      values.put(name, Json.MAPPER.valueToTree(given));
    });
    return values;
  }

  /// Starts a run once, however often this is called with the same key.
  ///
  /// @param idempotencyKey of the caller's choice, up to 200 characters
  /// @throws ProblemException PIPELINE_NOT_FOUND, PARAMS_INVALID, or IDEMPOTENCY_KEY_REUSED when
  ///   the key was used for something else
  public PipelineRun start(String pipeline, StartRun start, String idempotencyKey) {
    return http.post(
        Http.path(List.of("pipelines", pipeline, "runs"), Map.of()),
        start,
        idempotencyKey,
        PipelineRun.class);
  }

  /// A run with its tasks, as far as they fit: see [PipelineRun], and [#tasks(PipelineRun)] for
  /// all.
  ///
  /// @param id the run's id, or its number
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun get(String id) {
    return http.get(Http.path(List.of("pipeline-runs", id), Map.of()), PipelineRun.class);
  }

  /// One page of a run's tasks.
  ///
  /// @param limit how many, from 1 to 1,000; null for the server's choice
  /// @param after the `next` of the page before; null for the first one
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public Page<PipelineRun.Task> tasks(
      String id, TaskFilter filter, @Nullable Integer limit, @Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("group", filter.group());
    query.put(
        "state",
        filter.states().isEmpty()
            ? null
            : filter.states().stream().map(TaskState::name).collect(Collectors.joining(",")));
    query.put("search", filter.search());
    query.put("leaves", filter.leaves() ? true : null);
    query.put("order", filter.order().name().toLowerCase(Locale.ROOT));
    query.put("limit", limit);
    query.put("after", after);
    return http.get(
        Http.path(List.of("pipeline-runs", id, "tasks"), query), new TypeReference<>() {});
  }

  /// All tasks of a run, in the document's order, read page after page as they are looked at.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public Stream<PipelineRun.Task> tasks(PipelineRun run) {
    if (run.complete()) {
      return run.tasks().stream();
    }
    return Stream.iterate(
            tasks(run.id(), TaskFilter.ALL, MOST, null),
            Objects::nonNull,
            page -> page.next() == null ? null : tasks(run.id(), TaskFilter.ALL, MOST, page.next()))
        .flatMap(page -> page.items().stream());
  }

  /// One task of a run.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or NOT_FOUND for a task that is not there
  public PipelineRun.Task task(String id, String task) {
    return http.get(
        Http.path(List.of("pipeline-runs", id, "tasks", task), Map.of()), PipelineRun.Task.class);
  }

  /// One page of runs, newest first.
  ///
  /// @param pipeline only its runs; null for all
  /// @param after the `next` of the page before; null for the first one
  public Page<PipelineRunSummary> list(@Nullable String pipeline, @Nullable String after) {
    return list(pipeline, null, null, after);
  }

  /// One page of runs, newest first.
  ///
  /// @param pipeline only its runs; null for all
  /// @param state only runs in it; null for all
  /// @param limit how many, from 1 to 1,000; null for the server's choice
  /// @param after the `next` of the page before; null for the first one
  public Page<PipelineRunSummary> list(
      @Nullable String pipeline,
      @Nullable RunState state,
      @Nullable Integer limit,
      @Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("state", state);
    query.put("limit", limit);
    query.put("pipeline", pipeline);
    query.put("after", after);
    return http.get(Http.path(List.of("pipeline-runs"), query), new TypeReference<>() {});
  }

  /// Asks the run to end; tasks that run get a SIGTERM, then the tasks of `finally` run. Asked a
  /// second time, those are stopped too. The answer is the run as it is now, which may not have
  /// ended yet.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun cancel(String id) {
    return act(id, "cancel");
  }

  /// Lets nothing new start in the run; what runs goes on.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or RUN_ENDED
  public PipelineRun pause(String id) {
    return act(id, "pause");
  }

  /// Lets a paused run go on.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or RUN_ENDED
  public PipelineRun resume(String id) {
    return act(id, "resume");
  }

  /// Gives the tasks that did not succeed another chance, in the same run.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or NOTHING_TO_RETRY
  public PipelineRun retry(String id) {
    return act(id, "retry");
  }

  private PipelineRun act(String id, String action) {
    return http.post(
        Http.path(List.of("pipeline-runs", id, action), Map.of()),
        null,
        UUID.randomUUID().toString(),
        PipelineRun.class);
  }

  /// Starts a run like an earlier one, of the same version.
  ///
  /// @param params take the place of the earlier run's, by name; as for [#start]
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or PARAMS_INVALID with every error
  public PipelineRun rerun(String id, Map<String, ?> params) {
    return rerun(id, new RerunPipeline(json(params), null));
  }

  /// Starts a run like an earlier one at these tasks: they and what depends on them run, the
  /// outputs of the rest are taken from the earlier run.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or BAD_REQUEST for a task that is not there
  public PipelineRun rerunFrom(String id, List<String> tasks) {
    return rerun(id, new RerunPipeline(null, tasks));
  }

  private PipelineRun rerun(String id, RerunPipeline rerun) {
    return http.post(
        Http.path(List.of("pipeline-runs", id, "rerun"), Map.of()), rerun, null, PipelineRun.class);
  }

  /// Answers a task that waits for a person.
  ///
  /// @throws ProblemException NOT_WAITING, or PARAMS_INVALID with every error of the inputs
  public PipelineRun answer(String id, String task, AnswerTask answer) {
    return http.post(
        Http.path(List.of("pipeline-runs", id, "tasks", task, "answer"), Map.of()),
        answer,
        null,
        PipelineRun.class);
  }

  /// Deletes a run that has ended, and the runs that it called. What it tracked stays.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, RUN_NOT_ENDED
  public void delete(String id) {
    http.delete(Http.path(List.of("pipeline-runs", id), Map.of()));
  }

  /// Why a run, or one of its tasks, is as it is.
  ///
  /// @param task null for the run itself
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or NOT_FOUND for a task that is not there
  public Explanation explain(String id, @Nullable String task) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("task", task);
    return http.get(Http.path(List.of("pipeline-runs", id, "explain"), query), Explanation.class);
  }

  /// What happened in a run and why, oldest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public Page<Transition> history(String id, @Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("after", after);
    return http.get(
        Http.path(List.of("pipeline-runs", id, "history"), query), new TypeReference<>() {});
  }

  /// Follows a run to its end: every change as the server tells of it, the state of now first.
  /// States in between may be left out, the last one never is. A server that restarts is waited
  /// for.
  ///
  /// @param onChange called on this thread
  /// @return the run when it has ended
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND, or SERVER_UNREACHABLE when the server stayed
  ///   away for two minutes
  public PipelineRun follow(String id, Consumer<PipelineRun> onChange) {
    return follow(id, FOR_EVER, onChange);
  }

  /// Follows a run to its end, but no longer than this. The run itself goes on.
  ///
  /// @param onChange called on this thread
  /// @return the run when it has ended
  /// @throws ProblemException RUN_NOT_ENDED when the time is over; see [#follow(String, Consumer)]
  ///   for others
  public PipelineRun follow(String id, Duration atMost, Consumer<PipelineRun> onChange) {
    long begin = System.nanoTime();
    var path = Http.path(List.of("pipeline-runs", id, "events"), Map.of());
    var following = new Following(onChange);
    int failures = 0;
    long lost = System.nanoTime();
    while (true) {
      var before = following.revision();
      IOException why;
      var left = atMost.minusNanos(System.nanoTime() - begin);
      if (!left.isPositive()) {
        throw new ProblemException(
            ProblemCode.RUN_NOT_ENDED,
            "Run %s has not ended after %d seconds%s."
                .formatted(
                    id,
                    atMost.toSeconds(),
                    following.latest == null ? "" : ": it is " + following.latest.state()),
            "It goes on: follow it again, or cancel it.");
      }
      try (var lines = http.events(path, following.revision(), left)) {
        for (var line : (Iterable<String>) lines::iterator) {
          if (following.ended(line)) {
            return following.result();
          }
        }
        why = new IOException("the stream of events ended early");
      } catch (UncheckedIOException e) {
        why = e.getCause();
      } catch (IOException e) {
        why = e;
      } catch (ProblemException e) {
        if (!e.is(ProblemCode.UNAVAILABLE)) {
          throw e;
        }
        why = new IOException(e.problem().detail(), e);
      }
      if (!Objects.equals(following.revision(), before)) {
        failures = 0;
        lost = System.nanoTime();
      }
      if (following.latest != null && following.latest.state().isTerminal()) {
        return following.latest;
      }
      if (System.nanoTime() - lost > http.retry().lost().toNanos()) {
        throw http.unreachable(why);
      }
      http.pause(++failures);
    }
  }

  /// Reads the event stream: `event: run` with a PipelineRun, in the end `event: end`.
  private static final class Following {
    private final Consumer<PipelineRun> onChange;
    private final StringBuilder data = new StringBuilder();
    private String event = "";
    @Nullable PipelineRun latest;

    Following(Consumer<PipelineRun> onChange) {
      this.onChange = onChange;
    }

    @Nullable String revision() {
      return latest == null ? null : Long.toString(latest.revision());
    }

    PipelineRun result() {
      if (latest == null) {
        throw new ProblemException(
            ProblemCode.INTERNAL, "The stream of events ended without a state of the run.");
      }
      return latest;
    }

    /// Takes one line; true when it completes the end event.
    boolean ended(String line) {
      if (line.startsWith("event:")) {
        event = line.substring(6).strip();
      } else if (line.startsWith("data:")) {
        data.append(line, line.startsWith("data: ") ? 6 : 5, line.length()).append('\n');
      } else if (line.isEmpty()) {
        var name = event;
        var text = data.toString();
        event = "";
        data.setLength(0);
        if (name.equals("end")) {
          return true;
        }
        if (name.equals("run")) {
          change(text);
        }
      }
      return false;
    }

    private void change(String text) {
      try {
        var run = Json.MAPPER.readValue(text, PipelineRun.class);
        if (latest == null || run.revision() > latest.revision()) {
          latest = run;
          onChange.accept(run);
        }
      } catch (JsonProcessingException e) {
        throw new ProblemException(
            ProblemCode.INTERNAL, "An event cannot be read: " + e.getOriginalMessage(), e);
      }
    }
  }
}

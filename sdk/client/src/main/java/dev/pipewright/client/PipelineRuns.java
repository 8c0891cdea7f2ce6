package dev.pipewright.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.StartRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Pipeline runs: start, see, follow, cancel.
public final class PipelineRuns {
  private final Http http;

  PipelineRuns(Http http) {
    this.http = http;
  }

  /// Starts a run of the latest version.
  ///
  /// @param params by name; data is a [dev.pipewright.contract.task.DataRef] as JSON (see
  ///   [Blobs#uploadDataset]) or the path of a file that the server can read
  /// @throws ProblemException PIPELINE_NOT_FOUND, or PARAMS_INVALID with every error
  public PipelineRun start(String pipeline, Map<String, JsonNode> params) {
    return start(pipeline, new StartRun(null, params), UUID.randomUUID().toString());
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

  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun get(String id) {
    return http.get(Http.path(List.of("pipeline-runs", id), Map.of()), PipelineRun.class);
  }

  /// One page of runs, newest first.
  ///
  /// @param pipeline only its runs; null for all
  /// @param after the `next` of the page before; null for the first one
  public Page<PipelineRunSummary> list(@Nullable String pipeline, @Nullable String after) {
    var query = new HashMap<String, @Nullable Object>();
    query.put("pipeline", pipeline);
    query.put("after", after);
    return http.get(Http.path(List.of("pipeline-runs"), query), new TypeReference<>() {});
  }

  /// Asks the run to end; tasks that run get a SIGTERM. The answer is the run as it is now, which
  /// may not have ended yet.
  ///
  /// @throws ProblemException PIPELINE_RUN_NOT_FOUND
  public PipelineRun cancel(String id) {
    return http.post(
        Http.path(List.of("pipeline-runs", id, "cancel"), Map.of()),
        null,
        UUID.randomUUID().toString(),
        PipelineRun.class);
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
    var path = Http.path(List.of("pipeline-runs", id, "events"), Map.of());
    var following = new Following(onChange);
    int failures = 0;
    long lost = System.nanoTime();
    while (true) {
      var before = following.revision();
      IOException why;
      try (var lines = http.events(path, following.revision())) {
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
        if (!e.problem().code().equals(ProblemCode.UNAVAILABLE.name())) {
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

package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Study;
import dev.pipewright.contract.api.StudyAsk;
import dev.pipewright.contract.api.StudyAsked;
import dev.pipewright.contract.api.StudyEnqueue;
import dev.pipewright.contract.api.StudyReport;
import dev.pipewright.contract.api.StudyResult;
import dev.pipewright.contract.api.StudySpec;
import dev.pipewright.contract.api.StudyTold;
import dev.pipewright.contract.api.StudyTrial;
import dev.pipewright.contract.api.StudyVerdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Studies: searches for good params, whose trials any worker asks for and tells about.
public final class Studies {
  private final Http http;

  Studies(Http http) {
    this.http = http;
  }

  /// Makes the study of this name; nothing happens where there is one with the same spec.
  ///
  /// @throws ProblemException STUDY_INVALID with every error, STUDY_EXISTS where there is another
  ///   one
  public Study create(String name, StudySpec spec) {
    return create(name, Json.MAPPER.<JsonNode>valueToTree(spec));
  }

  /// As [#create(String, StudySpec)], with the document as it stands.
  public Study create(String name, JsonNode document) {
    return http.put(path(name), document, Study.class);
  }

  /// One page, newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<Study> list(@Nullable String after) {
    return http.get(Http.path(List.of("studies"), query("after", after)), new TypeReference<>() {});
  }

  /// @throws ProblemException STUDY_NOT_FOUND
  public Study get(String name) {
    return http.get(path(name), Study.class);
  }

  /// The next trial to run, if there is one.
  ///
  /// @param worker who asks, for others to read
  public StudyAsked ask(String name, @Nullable String worker) {
    return http.post(
        path(name, "ask"), new StudyAsk(worker), UUID.randomUUID().toString(), StudyAsked.class);
  }

  /// Has params tried before any others.
  public StudyTrial enqueue(String name, Map<String, JsonNode> params) {
    return http.post(path(name, "enqueue"), new StudyEnqueue(params), null, StudyTrial.class);
  }

  /// Reports the objective on the way.
  ///
  /// @return `GO_ON`, `PAUSE` or `STOP`
  public String report(String name, StudyTrial trial, long step, double value) {
    return http.post(
            path(name, "trials", String.valueOf(trial.number()), "report"),
            new StudyReport(step, value, trial.attempt()),
            null,
            StudyVerdict.class)
        .verdict();
  }

  /// Says what a trial has reached.
  ///
  /// @param values one for each objective
  public StudyTrial tell(String name, StudyTrial trial, List<Double> values) {
    return told(name, trial, new StudyTold(values, null, trial.attempt()));
  }

  /// Says that a trial came to nothing.
  public StudyTrial fail(String name, StudyTrial trial, String message) {
    return told(name, trial, new StudyTold(null, message, trial.attempt()));
  }

  private StudyTrial told(String name, StudyTrial trial, StudyTold told) {
    return http.post(
        path(name, "trials", String.valueOf(trial.number()), "tell"), told, null, StudyTrial.class);
  }

  /// One page, newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<StudyTrial> trials(String name, @Nullable String after) {
    return http.get(
        Http.path(List.of("studies", name, "trials"), query("after", after)),
        new TypeReference<>() {});
  }

  /// The best trial or the front, and how much each parameter matters.
  public StudyResult result(String name) {
    return http.get(path(name, "result"), StudyResult.class);
  }

  /// No further trial is made; those that run are told to stop.
  public Study stop(String name) {
    return http.post(path(name, "stop"), null, null, Study.class);
  }

  /// With its trials.
  public void delete(String name) {
    http.delete(path(name));
  }

  private static String path(String name, String... more) {
    var segments = new ArrayList<>(List.of("studies", name));
    segments.addAll(List.of(more));
    return Http.path(segments, Map.of());
  }

  private static Map<String, @Nullable Object> query(String name, @Nullable Object value) {
    var query = new HashMap<String, @Nullable Object>();
    query.put(name, value);
    return query;
  }
}

package dev.pipewright.client;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Fire;
import dev.pipewright.contract.api.NextTimes;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Schedule;
import dev.pipewright.contract.api.ScheduleSpec;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Schedules: what starts runs by the clock.
public final class Schedules {
  private final Http http;

  Schedules(Http http) {
    this.http = http;
  }

  /// Makes the schedule of this name, or changes it.
  ///
  /// @throws ProblemException SCHEDULE_INVALID with every error
  public Schedule apply(String name, ScheduleSpec spec) {
    return apply(name, Json.MAPPER.<JsonNode>valueToTree(spec));
  }

  /// As [#apply(String, ScheduleSpec)], with the document as it stands.
  public Schedule apply(String name, JsonNode document) {
    return http.put(path(name), document, Schedule.class);
  }

  /// One page, newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  public Page<Schedule> list(@Nullable String after) {
    return http.get(
        Http.path(List.of("schedules"), query("after", after)), new TypeReference<>() {});
  }

  /// @throws ProblemException SCHEDULE_NOT_FOUND
  public Schedule get(String name) {
    return http.get(path(name), Schedule.class);
  }

  /// Lets it start nothing for now.
  ///
  /// @throws ProblemException SCHEDULE_NOT_FOUND
  public Schedule pause(String name) {
    return act(name, "pause");
  }

  /// Lets it go on.
  ///
  /// @throws ProblemException SCHEDULE_NOT_FOUND
  public Schedule resume(String name) {
    return act(name, "resume");
  }

  /// Runs that it started stay.
  ///
  /// @throws ProblemException SCHEDULE_NOT_FOUND
  public void delete(String name) {
    http.delete(path(name));
  }

  /// On which occasions it started runs, or did not; newest first.
  ///
  /// @param after the `next` of the page before; null for the first one
  /// @throws ProblemException SCHEDULE_NOT_FOUND
  public Page<Fire> history(String name, @Nullable String after) {
    return http.get(
        Http.path(List.of("schedules", name, "history"), query("after", after)),
        new TypeReference<>() {});
  }

  /// The next times runs are for.
  ///
  /// @param count from 1 to 100
  /// @throws ProblemException SCHEDULE_NOT_FOUND
  public List<Instant> next(String name, int count) {
    return http.get(
            Http.path(List.of("schedules", name, "next"), query("limit", count)), NextTimes.class)
        .times();
  }

  private Schedule act(String name, String action) {
    return http.post(
        Http.path(List.of("schedules", name, action), Map.of()), null, null, Schedule.class);
  }

  private static String path(String name) {
    return Http.path(List.of("schedules", name), Map.of());
  }

  private static Map<String, @Nullable Object> query(String name, @Nullable Object value) {
    var query = new HashMap<String, @Nullable Object>();
    query.put(name, value);
    return query;
  }
}

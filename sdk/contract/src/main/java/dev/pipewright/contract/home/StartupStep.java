package dev.pipewright.contract.home;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A line of `run/startup.jsonl`.
///
/// @param pid the server process that writes it
/// @param message what is being done, or what failed; null where the phase says it all
public record StartupStep(
    Instant at, long pid, Phase phase, State state, @Nullable String message) {

  /// What a start consists of; PostgreSQL and Kafka come up side by side.
  public enum Phase {
    @JsonProperty("home")
    HOME,
    @JsonProperty("postgres")
    POSTGRES,
    @JsonProperty("kafka")
    KAFKA,
    @JsonProperty("server")
    SERVER
  }

  /// How far a phase is.
  public enum State {
    @JsonProperty("starting")
    STARTING,
    @JsonProperty("ready")
    READY,
    @JsonProperty("failed")
    FAILED
  }
}

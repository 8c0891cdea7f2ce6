package dev.pipewright.contract.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What starts a run of a pipeline: a message from outside (`hook`) or an event here (`on`), one of
/// the two.
///
/// @param version of the pipeline; null for the latest at each start
/// @param params of each run; a text may hold `${{ }}` over `body` and `headers` of a hook's
///   message, or over `event`
/// @param when a condition in `${{ }}` over the same; null for always
/// @param paused whether nothing starts for now
/// @param allowSelf whether it may start a pipeline by that pipeline's own end
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TriggerSpec(
    String pipeline,
    @Nullable Integer version,
    @Nullable String description,
    @Nullable Map<String, JsonNode> params,
    @Nullable Integer priority,
    @Nullable String when,
    @Nullable Hook hook,
    @Nullable On on,
    @Nullable Boolean paused,
    @Nullable Boolean allowSelf) {

  /// A message over HTTP, signed with a secret.
  ///
  /// @param kind `github`, `gitlab` or `generic`
  /// @param secret at least 16 characters; never shown again. Left out in a change, it stays
  /// @param tolerance how far the time of a signature may be off, for kinds that sign it; null for
  ///   5m
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Hook(String kind, @Nullable String secret, @Nullable String tolerance) {}

  /// An event here.
  ///
  /// @param event `model-version`, `model-alias`, `dataset-version` or `run-ended`
  /// @param name of the model, dataset or pipeline; null for any
  /// @param alias with `model-alias`: which; null for any
  /// @param state with `run-ended`: `SUCCEEDED`, `FAILED` or `CANCELLED`; null for any
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record On(
      String event, @Nullable String name, @Nullable String alias, @Nullable String state) {}
}

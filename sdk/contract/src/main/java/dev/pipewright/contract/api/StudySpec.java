package dev.pipewright.contract.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a study is to do.
///
/// @param space a member for each parameter: `{"type": "double", "low": 1e-5, "high": 0.1, "log":
///   true}`, `{"type": "int", "low": 8, "high": 256, "step": 8}` or `{"values": ["a", "b"]}`, each
///   with `"when": {"other": ["value"]}` where it depends on another one
/// @param objectives one, or several to find trade-offs between
/// @param sampler `tpe`, `random`, `grid`, `cmaes` or `nsga2`, or an object with that as its `type`
///   and settings; `tpe` unless given
/// @param pruner `none`, `median`, `percentile`, `patience`, `halving`, `asha` or `hyperband`, or
///   an object with that as its `type` and settings; `none` unless given
/// @param seed makes the same trials again where they are asked for one at a time; 0 unless given
/// @param maxTrials after so many no further trial is made; without it nobody but who asks decides
/// @param lease how long a trial may be silent before it is handed out again, such as `90s`; 10m
///   unless given
/// @param from studies whose complete trials it learns from to begin with
/// @param metric of a pipeline's task, what its trials log on the way; null elsewhere, where they
///   report the objective
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StudySpec(
    Map<String, JsonNode> space,
    List<StudyObjective> objectives,
    @Nullable JsonNode sampler,
    @Nullable JsonNode pruner,
    @Nullable Long seed,
    @Nullable Integer maxTrials,
    @Nullable String lease,
    @Nullable List<String> from,
    @Nullable String metric) {}

package dev.pipewright.contract.api;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a study has found.
///
/// @param best the best trial; null while none has shown anything, or with several objectives
/// @param front the complete trials that no other one beats in every objective
/// @param importance how much each parameter matters for being among the best tenth, in parts of 1,
///   the largest first; empty while there are too few trials to say
public record StudyResult(
    @Nullable StudyTrial best, List<StudyTrial> front, Map<String, Double> importance) {}

package dev.pipewright.contract.api;

import java.util.List;

/// Why something in a pipeline run is as it is, in words.
///
/// @param subject what is explained, such as `run #12` or `task 'train[3]'`
/// @param state its state
/// @param reasons the reasons, the nearest first; each a sentence
public record Explanation(String subject, String state, List<String> reasons) {
  public Explanation {
    reasons = List.copyOf(reasons);
  }
}

package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.annotation.JsonProperty;

/// Which numbers a learner is shown.
///
/// @param words how many words of each text column are counted
record Encoding(Categories categories, Numbers numbers, int words) {
  /// More levels than this are never one-hot.
  static final int MOST_LEVELS = 30;

  /// Categories up to [#MOST_LEVELS]; those with more are always shown by the target's mean and by
  /// how frequent they are.
  enum Categories {
    @JsonProperty("one-hot")
    ONE_HOT,
    /// The mean of the target, or of each class, among the training rows with that category.
    @JsonProperty("target")
    TARGET,
    /// A whole number each, for a learner that knows what it is.
    @JsonProperty("native")
    NATIVE
  }

  /// Numbers, dates and words.
  enum Numbers {
    /// As they are; missing ones stay so.
    @JsonProperty("plain")
    PLAIN,
    /// Less the median, by the middle half's width, and bent towards ±3; missing ones 0 and marked.
    @JsonProperty("robust")
    ROBUST,
    /// By rank, as a normal distribution would have it; missing ones 0 and marked.
    @JsonProperty("quantile")
    QUANTILE
  }

  static final Encoding TREES = new Encoding(Categories.ONE_HOT, Numbers.PLAIN, 60);
  static final Encoding TREES_TARGET = new Encoding(Categories.TARGET, Numbers.PLAIN, 60);
  static final Encoding TREES_NATIVE = new Encoding(Categories.NATIVE, Numbers.PLAIN, 60);
  static final Encoding DENSE = new Encoding(Categories.ONE_HOT, Numbers.ROBUST, 300);
  static final Encoding DENSE_QUANTILE = new Encoding(Categories.ONE_HOT, Numbers.QUANTILE, 300);
}

package dev.pipewright.tabular.automl;

/// The rows to learn from and the rows to judge by, as numbers.
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Fold(
    Encoder encoder, Matrix train, float[] trainLabels, Matrix valid, float[] validLabels) {}

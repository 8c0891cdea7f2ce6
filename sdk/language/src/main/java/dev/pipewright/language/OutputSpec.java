package dev.pipewright.language;

import dev.pipewright.contract.task.ValueType;

/// An output of a pipeline.
public record OutputSpec(ValueType type, Value value) {}

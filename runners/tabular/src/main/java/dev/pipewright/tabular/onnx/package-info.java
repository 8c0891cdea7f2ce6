/// Models as ONNX: a graph of standard operations, written in the format's protobuf. What is
/// written here is independent of what is exported.
@NullMarked
package dev.pipewright.tabular.onnx;

import org.jspecify.annotations.NullMarked;

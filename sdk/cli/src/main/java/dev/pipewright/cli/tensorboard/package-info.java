/// Reads the event files that TensorBoard's writers leave.
@NullMarked
package dev.pipewright.cli.tensorboard;

import org.jspecify.annotations.NullMarked;

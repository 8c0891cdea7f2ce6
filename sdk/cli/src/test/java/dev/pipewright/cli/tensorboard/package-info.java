@NullMarked
package dev.pipewright.cli.tensorboard;

import org.jspecify.annotations.NullMarked;

/// Deep learning on DJL and PyTorch: the built-in task `train`, and [dev.pipewright.deep.Training]
/// for blocks of one's own.
@NullMarked
package dev.pipewright.deep;

import org.jspecify.annotations.NullMarked;

/// Hyperparameter optimisation by ask and tell: a [Study] proposes trials of a [SearchSpace] and
/// learns from what they reach. No server is needed; the control plane's studies use the same code.
@NullMarked
package dev.pipewright.tune;

import org.jspecify.annotations.NullMarked;

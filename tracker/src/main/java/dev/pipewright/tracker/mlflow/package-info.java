/// MLflow's REST protocol, as its unmodified clients speak it: each class has the calls of one
/// family and says in the protocol's words what the stores say in ours.
@NullMarked
package dev.pipewright.tracker.mlflow;

import org.jspecify.annotations.NullMarked;

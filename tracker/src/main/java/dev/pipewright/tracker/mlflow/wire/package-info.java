/// How a call of MLflow's REST protocol arrives and is answered; the calls themselves are in the
/// package above.
@NullMarked
package dev.pipewright.tracker.mlflow.wire;

import org.jspecify.annotations.NullMarked;

/// `pipewright/automl@v1`: the search over models for a table. [Automl] reads and plans, [Search]
/// gives trials to worker processes ([TrialWorker]), [Ensemble] weighs what came out.
@NullMarked
package dev.pipewright.tabular.automl;

import org.jspecify.annotations.NullMarked;

/// The orchestrator, the control plane: `pipeline ← run ← {launch, live}`.
@NullMarked
package dev.pipewright.orchestrator;

import org.jspecify.annotations.NullMarked;
